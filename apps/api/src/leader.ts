import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '@stasis/errors';
import type { Log } from './log.ts';

/** A duty that one api at a time has. */
export interface Duty {
  readonly name: string;
  /** Milliseconds that a lease lasts; it is renewed at a third of that. */
  readonly ttlMs: number;
  /** Takes or renews the lease; resolves with its fencing number, or undefined while another api holds it. */
  readonly acquire: (ttlMs: number) => Promise<number | undefined>;
  /** Gives the lease up, so that another api need not wait for it to run out. */
  readonly release: () => Promise<void>;
  /** Works until the term's `signal` aborts. What it throws is logged, and it is called again. */
  readonly work: (term: Term) => Promise<void>;
}

/** One uninterrupted time of leading. */
export interface Term {
  readonly fencing: number;
  /** Aborts when the lead is lost or the api stops. */
  readonly signal: AbortSignal;
  /**
   * Whether the lease is valid by this api's clock, right now. A process that was stopped and goes on finds out here at
   * once, before its timers run; ask before each act that another leader must not see.
   */
  isCurrent(): boolean;
}

export interface Lead {
  /** Undefined while another api leads. */
  readonly fencing: number | undefined;
  stop(): Promise<void>;
}

/** Does the duty whenever this api holds its lease, until stopped. */
export function lead(duty: Duty, log: Log): Lead {
  const stopping = new AbortController();
  let fencing: number | undefined;
  const beat = duty.ttlMs / 3;

  const loop = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      try {
        const asked = performance.now();
        fencing = await duty.acquire(duty.ttlMs);
        if (fencing !== undefined) await term(fencing, asked);
      } catch (error) {
        log.warn({ duty: duty.name, error: messageOf(error) }, 'a leader duty was interrupted');
      }
      fencing = undefined;
      await pause(beat, stopping.signal);
    }
  };

  const term = async (number: number, asked: number): Promise<void> => {
    const lost = new AbortController();
    const signal = AbortSignal.any([stopping.signal, lost.signal]);
    const lease = { validUntil: asked + duty.ttlMs };
    const isCurrent = (): boolean => !signal.aborted && performance.now() < lease.validUntil;
    const renewing = renew(number, lease, lost, signal);
    try {
      while (!signal.aborted) {
        try {
          await duty.work({ fencing: number, signal, isCurrent });
        } catch (error) {
          if (signal.aborted) return;
          log.warn({ duty: duty.name, error: messageOf(error) }, 'a leader duty failed and is tried again');
          await pause(500, signal);
        }
      }
    } finally {
      lost.abort();
      await renewing;
    }
  };

  const renew = async (
    number: number,
    lease: { validUntil: number },
    lost: AbortController,
    signal: AbortSignal,
  ): Promise<void> => {
    while (!signal.aborted) {
      await pause(beat, signal);
      if (signal.aborted) return;
      const asked = performance.now();
      const renewed = await duty.acquire(duty.ttlMs).catch(() => 'unknown' as const);
      if (renewed === number) lease.validUntil = asked + duty.ttlMs;
      else if (renewed !== 'unknown' || performance.now() >= lease.validUntil) lost.abort();
    }
  };

  const running = loop();
  return {
    get fencing() {
      return fencing;
    },
    stop: async () => {
      stopping.abort();
      await running;
      await duty
        .release()
        .catch((error: unknown) => log.warn({ duty: duty.name, error: messageOf(error) }, 'a lease was not given up'));
    },
  };
}

/** Sleeps; wakes early, without an error, when the signal aborts. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal, ref: true }).catch(() => {});
}
