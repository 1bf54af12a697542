import type { Bus } from '@stasis/bus';
import { messageOf } from '@stasis/errors';
import { factMessage } from './eventMessage.ts';
import type { Journal } from './journal.ts';
import type { NodeKeyring } from './nodeKey.ts';

export interface FactOutbox {
  /** Resolves once every fact that is journaled now has been published, or rejects after `timeoutMs`. */
  drained(timeoutMs: number): Promise<void>;
  /** Ends after the batch under way; what is unsent stays in the journal for the next start. Idempotent. */
  stop(): Promise<void>;
}

export interface FactOutboxOptions {
  readonly journal: Journal;
  readonly bus: Bus;
  /** Puts the node's signature on a fact. */
  readonly sign: NodeKeyring['sign'];
  readonly log: (line: string) => void;
  /** Pause after a failed publish; doubles up to 5 s. */
  readonly retryMs?: number;
}

const batchSize = 500;
const longestPauseMs = 5000;

/**
 * Signs journaled facts with the key that the node has when they go, publishes them in order to `stasis.facts` (key =
 * subject) and marks them sent. A fact may be published
 * twice, never out of order and never not at all; the recorder knows it by its id.
 */
export function startFactOutbox(options: FactOutboxOptions): FactOutbox {
  const { journal, bus, sign, log } = options;
  const firstPauseMs = options.retryMs ?? 200;
  let stopped = false;
  let running: Promise<void> | undefined;
  let wakeUp: (() => void) | undefined;
  let pauseMs = firstPauseMs;

  const pause = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      wakeUp = () => {
        clearTimeout(timer);
        resolve();
      };
    });

  const sendAll = async (): Promise<void> => {
    while (!stopped) {
      const batch = journal.unsentFacts(batchSize);
      const last = batch.at(-1);
      if (last === undefined) return;
      try {
        const signed = await Promise.all(batch.map(({ event }) => sign(event)));
        await bus.publish(signed.map(factMessage));
        await journal.commit((tx) => {
          tx.sent(last.seq);
          tx.prune(10_000);
        });
        pauseMs = firstPauseMs;
      } catch (error) {
        log(`${batch.length} facts could not be sent and wait: ${messageOf(error)}`);
        await pause(pauseMs);
        pauseMs = Math.min(pauseMs * 2, longestPauseMs);
      }
    }
  };

  const kick = (): void => {
    if (stopped || running !== undefined) return;
    running = sendAll()
      .catch((error: unknown) => log(`facts could not be read from the journal: ${messageOf(error)}`))
      .finally(() => {
        running = undefined;
        // A commit during the last look would otherwise wait for the next one.
        if (!stopped && journal.isOpen && journal.unsentFacts(1).length > 0) kick();
      });
  };
  const unlisten = journal.onCommit(kick);
  kick();

  return {
    drained: async (timeoutMs) => {
      const end = performance.now() + timeoutMs;
      while (journal.unsentFacts(1).length > 0) {
        if (performance.now() > end) throw new Error(`facts are still unsent after ${timeoutMs} ms`);
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    },
    stop: async () => {
      stopped = true;
      unlisten();
      wakeUp?.();
      await running;
    },
  };
}
