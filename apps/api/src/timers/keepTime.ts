import { dropOldIdempotencyKeys } from '@stasis/ledger/postgres';
import { pause } from '../leader.ts';
import type { Platform } from '../platform.ts';
import { voidOverdue } from './voidOverdue.ts';
import { watchNodes } from './watchNodes.ts';

const everyMs = 1000;
const pingMs = 3000;
const keyLifeMs = 24 * 60 * 60_000;
const keysEveryMs = 10 * 60_000;

/** What only time brings about: overdue requests, lost nodes, old idempotency keys. Until `signal` aborts. */
export async function keepTime(platform: Platform, signal: AbortSignal): Promise<void> {
  // Silence counts from here on, and only while the bus that would carry signs of life answers.
  let since = new Date();
  let watched = 0;
  let keysDropped = 0;
  const watchEveryMs = Math.min(5000, Math.max(100, platform.settings.nodeLostAfterMs / 6));
  while (!signal.aborted) {
    const now = new Date();
    if (now.getTime() - watched >= watchEveryMs) {
      if (await answers(platform)) await watchNodes(platform, now, since);
      else since = new Date();
      watched = now.getTime();
    }
    await voidOverdue(platform, now);
    if (now.getTime() - keysDropped > keysEveryMs) {
      await dropOldIdempotencyKeys(platform.ledger.database, keyLifeMs);
      keysDropped = now.getTime();
    }
    await pause(Math.min(everyMs, watchEveryMs), signal);
  }
}

async function answers({ bus }: Platform): Promise<boolean> {
  const late = new AbortController();
  const ping = bus.ping().then(
    () => true,
    () => false,
  );
  const answered = await Promise.race([ping, pause(pingMs, late.signal).then(() => false)]);
  late.abort();
  return answered;
}
