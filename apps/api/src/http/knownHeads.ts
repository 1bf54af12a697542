import { defaultLedger, systemLedger } from '@stasis/events';
import { StasisError } from '@stasis/errors';
import type { Ledger } from '@stasis/ledger';

/** The highest position of each ledger that this api has heard of, and waiting for one. */
export interface KnownHeads {
  get(ledger: string): number;
  note(ledger: string, position: number): void;
  /** @throws StasisError WaitTimedOut when the ledger is not there after `ms`. */
  waitFor(ledger: string, position: number, ms: number): Promise<void>;
  close(): void;
}

/** Starts from the heads as they are and follows the ledger's growth. */
export async function followHeads(ledger: Ledger): Promise<KnownHeads> {
  const heads = new Map<string, number>();
  const waiting = new Set<() => void>();
  const note = (name: string, position: number): void => {
    if (position <= (heads.get(name) ?? 0)) return;
    heads.set(name, position);
    for (const look of waiting) look();
  };
  for (const name of [defaultLedger, systemLedger]) note(name, await ledger.head(name));
  const stop = ledger.onGrowth((name) => {
    // While the database is away nothing is learnt; readiness and the next request say so.
    ledger.head(name).then(
      (position) => note(name, position),
      () => {},
    );
  });
  return {
    get: (name) => heads.get(name) ?? 0,
    note,
    waitFor: async (name, position, ms) => {
      note(name, await ledger.head(name));
      if ((heads.get(name) ?? 0) >= position) return;
      await new Promise<void>((resolve, reject) => {
        const look = (): void => {
          if ((heads.get(name) ?? 0) < position) return;
          end();
          resolve();
        };
        const timer = setTimeout(() => {
          end();
          const message = `ledger "${name}" is at ${heads.get(name) ?? 0} and did not reach ${position} in ${ms} ms`;
          reject(new StasisError('WaitTimedOut', message));
        }, ms);
        const end = (): void => {
          clearTimeout(timer);
          waiting.delete(look);
        };
        waiting.add(look);
      });
    },
    close: stop,
  };
}
