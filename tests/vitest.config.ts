import { defineConfig } from 'vitest/config';

/** Whole-system tests: each starts the platform on real parts, so one file at a time. */
export default defineConfig({
  test: { name: 'tests', testTimeout: 240_000, hookTimeout: 180_000, fileParallelism: false },
});
