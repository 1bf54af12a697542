import { defineConfig } from 'vitest/config';

/** Each workspace and the whole-system tests are one vitest project. */
export default defineConfig({ test: { projects: ['apps/*', 'libs/*', 'tests', 'tools'] } });
