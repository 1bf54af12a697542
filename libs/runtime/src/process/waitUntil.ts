import { setTimeout as sleep } from 'node:timers/promises';

/** Polls until `condition` holds; false when `timeoutMs` passed first. */
export async function waitUntil(condition: () => boolean, timeoutMs: number, intervalMs = 10): Promise<boolean> {
  const end = performance.now() + timeoutMs;
  while (!condition()) {
    if (performance.now() >= end) return false;
    await sleep(intervalMs);
  }
  return true;
}
