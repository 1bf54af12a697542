import { isStasisError, messageOf, StasisError } from '@stasis/errors';
import type { AppendOutcome } from '../../port.ts';
import type { LedgerDatabase } from '../database.ts';
import { isRefusedByData } from '../databaseErrors.ts';
import { appendBatch } from './appendBatch.ts';
import type { AppendMemory } from './appendMemory.ts';
import type { Call, Decided } from './decideBatch.ts';

type Results = readonly PromiseSettledResult<AppendOutcome[]>[];

/**
 * Commits a batch and settles each call truthfully, also when something breaks:
 * - the database refuses a value: an event id may be recorded that memory knows nothing of, so the batch is tried again
 *   without memory, then call by call, so that only the one at fault fails;
 * - the connection breaks before the commit was sent: nothing was recorded, all fail with AuditUnavailable;
 * - it breaks during the commit: the database is asked whether the events are there.
 */
export async function commitBatch(
  database: LedgerDatabase,
  memory: AppendMemory,
  calls: readonly Call[],
): Promise<Results> {
  let written: Decided | undefined;
  try {
    return (await appendBatch(database, memory, calls, (decided) => (written = decided))).results;
  } catch (error) {
    if (written !== undefined) return afterLostCommit(database, written, error);
    if (!isRefusedByData(error)) throw unavailable(error);
    if (memory.forget()) return commitBatch(database, memory, calls);
    if (calls.length === 1) throw refused(error);
    return oneByOne(database, memory, calls);
  }
}

async function oneByOne(database: LedgerDatabase, memory: AppendMemory, calls: readonly Call[]): Promise<Results> {
  const results: PromiseSettledResult<AppendOutcome[]>[] = [];
  for (const call of calls) {
    try {
      results.push(...(await commitBatch(database, memory, [call])));
    } catch (reason) {
      results.push({ status: 'rejected', reason });
    }
  }
  return results;
}

async function afterLostCommit(database: LedgerDatabase, written: Decided, error: unknown): Promise<Results> {
  const first = written.events[0];
  if (first === undefined) return written.results;
  let rows: object[];
  try {
    rows = await database.query(
      'select 1 as one from events where event_id = $1 and ledger = $2 and position = $3::bigint',
      [first.event.id, first.ledger, String(first.position)],
    );
  } catch {
    throw new StasisError('AuditUnavailable', `the ledger went away during a commit: ${messageOf(error)}`, {
      next: 'It is not known whether the events are recorded; repeat the call with the same event ids.',
      cause: error,
    });
  }
  if (rows.length === 0) throw unavailable(error);
  return written.results;
}

const unavailable = (error: unknown): StasisError =>
  isStasisError(error)
    ? error
    : new StasisError('AuditUnavailable', `the ledger cannot record: ${messageOf(error)}`, {
        next: 'Check that Postgres is up and its migrations are applied, then try again.',
        cause: error,
      });

const refused = (error: unknown): StasisError =>
  new StasisError('EventMalformed', `Postgres refuses the events: ${messageOf(error)}`, { cause: error });
