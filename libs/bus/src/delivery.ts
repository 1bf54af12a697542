import { isStasisError } from '@stasis/errors';
import type { DeliveredMessage, SubscribeOptions } from './port.ts';

const firstPauseMs = 100;
const longestPauseMs = 5000;

export interface Delivery {
  /**
   * Hands messages of one partition to the subscriber in batches. `finished` is called with the last message of each
   * batch that is done with (handled or set aside). Resolves with the pause in milliseconds after which the messages
   * that were not finished must be handed over again, or with undefined when there is no failure.
   */
  handle(
    messages: readonly DeliveredMessage[],
    finished: (last: DeliveredMessage) => Promise<void> | void,
    goOn: () => boolean,
  ): Promise<number | undefined>;
}

interface PartitionState {
  /** After a batch failed its messages come one at a time, so that a bad one is found and the others get through. */
  aloneUpTo: bigint;
  /** Deliveries of the message at `offset`, alone, that failed in a row. */
  offset: string;
  attempts: number;
  failures: number;
}

/**
 * The one rule of redelivery, shared by all carriers. A retryable StasisError (the database is away) says nothing about
 * the message, so it never counts towards setting it aside: the message waits as long as it takes.
 */
export const createDelivery = (
  options: SubscribeOptions,
  setAside: (message: DeliveredMessage, reason: unknown) => Promise<void>,
): Delivery => {
  const batchSize = options.batchSize ?? 500;
  const maxAttempts = options.maxAttempts ?? 5;
  const states = new Map<number, PartitionState>();

  const failed = async (
    state: PartitionState,
    batch: readonly DeliveredMessage[],
    reason: unknown,
  ): Promise<'pause' | 'finished'> => {
    state.failures += 1;
    const [message] = batch;
    if (message === undefined) return 'finished';
    if (batch.length > 1) {
      state.aloneUpTo = BigInt(batch.at(-1)?.offset ?? 0);
      return 'pause';
    }
    if (isStasisError(reason) && reason.row.retryable) return 'pause';
    state.attempts = state.offset === message.offset ? state.attempts + 1 : 1;
    state.offset = message.offset;
    if (state.attempts < maxAttempts) return 'pause';
    try {
      await setAside(message, reason);
    } catch (error) {
      // It could not be written down, so it is not set aside: it comes again.
      if (isStasisError(error)) return 'pause';
      throw error;
    }
    options.onPoison?.(message, reason);
    return 'finished';
  };

  return {
    handle: async (messages, finished, goOn) => {
      const partition = messages[0]?.partition ?? 0;
      const state = states.get(partition) ?? { aloneUpTo: -1n, offset: '', attempts: 0, failures: 0 };
      states.set(partition, state);
      let at = 0;
      while (at < messages.length && goOn()) {
        const alone = BigInt(messages[at]?.offset ?? 0) <= state.aloneUpTo;
        const batch = messages.slice(at, at + (alone ? 1 : batchSize));
        let outcome: 'pause' | 'finished' = 'finished';
        try {
          await options.onBatch(batch);
          state.failures = 0;
        } catch (reason) {
          outcome = await failed(state, batch, reason);
        }
        if (outcome === 'pause') return Math.min(firstPauseMs * 2 ** (state.failures - 1), longestPauseMs);
        state.failures = 0;
        state.attempts = 0;
        at += batch.length;
        const last = batch.at(-1);
        if (last !== undefined) await finished(last);
      }
      return undefined;
    },
  };
};
