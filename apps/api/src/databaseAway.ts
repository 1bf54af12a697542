import { isStasisError, messageOf, StasisError } from '@stasis/errors';

/** Of sockets, of Postgres (class 08: connection; 57P0x: shutting down, starting up; 53300: too many) and of Prisma. */
const awayCodes = /^(ECONN|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|08|57P0|53300|P1001|P1002|P1008|P1017|P2024)/;
const awayWords = /Connection terminated|timeout exceeded when trying to connect|Can't reach database server/;

/** Whether an error says that Postgres cannot be reached now, as opposed to a mistake in what it was asked. */
export function isDatabaseAway(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false;
  if ('code' in error && typeof error.code === 'string' && awayCodes.test(error.code)) return true;
  if (awayWords.test(messageOf(error))) return true;
  if (error instanceof AggregateError) return error.errors.some(isDatabaseAway);
  return error instanceof Error && error.cause !== undefined && isDatabaseAway(error.cause);
}

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
