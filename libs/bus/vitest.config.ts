import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: { testTimeout: 30_000, hookTimeout: 90_000, expect: { poll: { timeout: 20_000, interval: 10 } } },
});
