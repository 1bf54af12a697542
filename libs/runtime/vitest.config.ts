import { defineConfig } from 'vitest/config';

/** Real sandboxes start and stop in here; the two runtimes run side by side, each file on its own. */
export default defineConfig({ test: { testTimeout: 30_000, hookTimeout: 30_000 } });
