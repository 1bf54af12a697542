import { defineConfig } from 'vitest/config';

/** Every test has its own database, and the machine may be busy with other projects' servers. */
export default defineConfig({ test: { testTimeout: 60_000, hookTimeout: 120_000 } });
