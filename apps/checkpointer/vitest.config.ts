import { defineConfig } from 'vitest/config';

/** Real sandboxes and synced writes on a loaded machine take their time. */
export default defineConfig({
  test: { testTimeout: 30_000, hookTimeout: 60_000, expect: { poll: { timeout: 15_000, interval: 10 } } },
});
