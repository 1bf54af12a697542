import { StasisError } from '@stasis/errors';
import type { FastifyReply } from 'fastify';

/** How often one key may come: `perSecond` over time, four times as much at once. */
export interface RateLimit {
  /** Takes one call of a key. @returns 0 when it may go on, else the whole seconds to wait. */
  take(key: string): number;
}

interface Bucket {
  left: number;
  filled: number;
}

const burstSeconds = 4;

/**
 * A token bucket a key, in this process. Of more than `keys` keys the one that has not come for longest is forgotten: its
 * bucket is the fullest.
 */
export function createRateLimit(perSecond: number, now = (): number => performance.now(), keys = 10_000): RateLimit {
  const buckets = new Map<string, Bucket>();
  const burst = perSecond * burstSeconds;
  return {
    take: (key) => {
      const at = now();
      const bucket = buckets.get(key) ?? { left: burst, filled: at };
      bucket.left = Math.min(burst, bucket.left + ((at - bucket.filled) / 1000) * perSecond);
      bucket.filled = at;
      if (!buckets.delete(key) && buckets.size >= keys) buckets.delete(buckets.keys().next().value ?? '');
      // Last in order: the map is kept by who came last.
      buckets.set(key, bucket);
      if (bucket.left < 1) return Math.ceil((1 - bucket.left) / perSecond);
      bucket.left -= 1;
      return 0;
    },
  };
}

/** @throws StasisError TooManyRequests, with Retry-After set, when the key came too often. */
export function limitRate(limit: RateLimit, key: string, what: string, reply: FastifyReply): void {
  const wait = limit.take(key);
  if (wait === 0) return;
  void reply.header('retry-after', String(wait));
  throw new StasisError('TooManyRequests', `too many requests of this ${what}`, {
    next: `Wait ${wait} s, as Retry-After says.`,
  });
}
