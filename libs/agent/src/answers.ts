import { StasisError } from '@stasis/errors';
import { keyOf, type EventKey, type StasisEvent } from '@stasis/events';
import type { Journal } from './journal.ts';

/**
 * Waits until the recorder has said one of `keys` about `subject`. An answer that came earlier counts; of several, the
 * first key of the list wins. Undefined after `timeoutMs`, or when `signal` ends the wait.
 */
export function waitForAnswer(
  journal: Journal,
  subject: string,
  keys: readonly EventKey[],
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<StasisEvent | undefined> {
  return new Promise((resolve) => {
    const look = (): StasisEvent | undefined => {
      const answers = journal.answersFor(subject);
      for (const key of keys) {
        const found = answers.find((answer) => keyOf(answer.type) === key);
        if (found !== undefined) return found;
      }
      return undefined;
    };
    const present = look();
    if (present !== undefined || signal?.aborted === true) return resolve(present);
    const finish = (answer: StasisEvent | undefined): void => {
      clearTimeout(timer);
      unlisten();
      signal?.removeEventListener('abort', onAbort);
      resolve(answer);
    };
    const onAbort = (): void => finish(undefined);
    const timer = setTimeout(() => finish(look()), Math.max(0, timeoutMs));
    const unlisten = journal.onCommit(() => {
      const answer = look();
      if (answer !== undefined) finish(answer);
    });
    signal?.addEventListener('abort', onAbort);
  });
}

const endings: readonly EventKey[] = ['checkpoint.canceled', 'checkpoint.voided', 'restore.canceled', 'restore.voided'];

/** @throws StasisError OutcomeUnknown when the ledger has ended the request already: nothing may be begun for it. */
export function requireStillAsked(journal: Journal, subject: string): void {
  const ending = journal.answersFor(subject).find(({ type }) => endings.includes(keyOf(type) ?? 'node.lost'));
  if (ending !== undefined)
    throw new StasisError('OutcomeUnknown', `the ledger has ended the request meanwhile (${ending.type})`);
}
