import { isStasisError, messageOf, StasisError } from '@stasis/errors';

/** The SQLSTATE of whatever Prisma or pg threw, when there is one: the adapter keeps it some causes deep. */
export function sqlStateOf(error: unknown, depth = 0): string | undefined {
  if (typeof error !== 'object' || error === null || depth > 6) return undefined;
  const { originalCode, code, meta, driverAdapterError, cause } = error as Record<string, unknown>;
  for (const candidate of [originalCode, code])
    if (typeof candidate === 'string' && /^[0-9A-Z]{5}$/.test(candidate) && !/^P[0-9]{4}$/.test(candidate))
      return candidate;
  for (const inner of [driverAdapterError, meta, cause]) {
    const found = sqlStateOf(inner, depth + 1);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Classes 22 (data exception) and 23 (constraint): the same values will be refused again. */
export const isRefusedByData = (error: unknown): boolean => /^2[23]/.test(sqlStateOf(error) ?? '');

/** Of sockets, of Postgres (class 08: connection; 57P0x: shutting down, starting up; 53300: too many) and of Prisma. */
const awayCodes = /^(ECONN|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|08|57P0|53300|P1001|P1002|P1008|P1017|P2024)/;
const awayWords =
  /Connection terminated|timeout exceeded when trying to connect|Can't reach database server|not queryable/;

/** Whether an error says that Postgres cannot be reached now, as opposed to a mistake in what it was asked. */
export function isDatabaseAway(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false;
  if ('code' in error && typeof error.code === 'string' && awayCodes.test(error.code)) return true;
  if (awayWords.test(messageOf(error))) return true;
  if (error instanceof AggregateError) return error.errors.some(isDatabaseAway);
  return error instanceof Error && error.cause !== undefined && isDatabaseAway(error.cause);
}

/** In the place of what the database threw: AuditUnavailable when it is away or was too slow, else the error as it is. */
export function ledgerErrorOf(error: unknown): unknown {
  if (isStasisError(error)) return error;
  if (sqlStateOf(error) === '57014')
    return new StasisError('AuditUnavailable', `the ledger took too long to answer: ${messageOf(error)}`, {
      next: 'Ask for less at once, or raise STASIS_STATEMENT_TIMEOUT_MS.',
      cause: error,
    });
  if (!isDatabaseAway(error)) return error;
  return new StasisError('AuditUnavailable', `the database of the ledger does not answer: ${firstWordsOf(error)}`, {
    next: 'Check that Postgres is up, DATABASE_URL names it and its migrations are applied.',
    cause: error,
  });
}

const firstWordsOf = (error: unknown): string =>
  messageOf(error).trim().split('\n').at(-1)?.trim() || 'no word from it';
