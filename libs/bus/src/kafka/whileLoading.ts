import { setTimeout as sleep } from 'node:timers/promises';
import { isLoading } from './errorKinds.ts';

const pauseMs = 250;

/**
 * Asks again while the broker reads its groups in, for `timeoutMs` at most; kafkajs itself gives up after a few seconds.
 * What is asked must be harmless to repeat. Any other error is the caller's at once.
 */
export const whileLoading = async <T>(ask: () => Promise<T>, timeoutMs: number): Promise<T> => {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (!isLoading(error) || performance.now() > deadline) throw error;
    }
    await sleep(pauseMs);
  }
};
