import { isStasisError, messageOf, StasisError } from '@stasis/errors';

/**
 * Does work with the ledger. @throws StasisError AuditUnavailable (retryable) in the place of whatever the database
 * threw, so that nothing is given up because it was away.
 */
export async function withLedger<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw isStasisError(error) ? error : ledgerAway(error);
  }
}

export const ledgerAway = (cause: unknown): StasisError =>
  new StasisError('AuditUnavailable', `the database of the ledger does not answer: ${firstLine(cause)}`, {
    next: 'Check that Postgres is up, DATABASE_URL names it and its migrations are applied.',
    cause,
  });

const firstLine = (error: unknown): string => messageOf(error).trim().split('\n').at(-1)?.trim() || 'no word from it';
