import { dropOldIdempotencyKeys } from '@stasis/ledger/postgres';
import { pause } from '../leader.ts';
import type { Platform } from '../platform.ts';
import { voidOverdue } from './voidOverdue.ts';
import { watchNodes } from './watchNodes.ts';

const everyMs = 1000;
const keyLifeMs = 24 * 60 * 60_000;
const keysEveryMs = 10 * 60_000;

/** What only time brings about: overdue requests, lost nodes, old idempotency keys. Until `signal` aborts. */
export async function keepTime(platform: Platform, signal: AbortSignal): Promise<void> {
  const since = new Date();
  let keysDropped = 0;
  while (!signal.aborted) {
    const now = new Date();
    await watchNodes(platform, now, since);
    await voidOverdue(platform, now);
    if (now.getTime() - keysDropped > keysEveryMs) {
      await dropOldIdempotencyKeys(platform.ledger.database, keyLifeMs);
      keysDropped = now.getTime();
    }
    await pause(everyMs, signal);
  }
}
