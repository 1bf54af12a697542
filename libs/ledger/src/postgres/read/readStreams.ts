import type { RecordedEvent } from '@stasis/events';
import type { Sql } from '../database.ts';
import { eventColumns, type EventRow, recordedOf } from './rows.ts';

/** Whole streams, oldest event first; an entry for each name asked. */
export async function readStreams(
  sql: Sql,
  ledger: string,
  streams: readonly string[],
): Promise<Map<string, RecordedEvent[]>> {
  const found = new Map<string, RecordedEvent[]>(streams.map((stream) => [stream, []]));
  if (found.size === 0) return found;
  const rows = await sql.query<EventRow>(
    `select ${eventColumns} from events e where e.ledger = $1 and e.stream = any($2::text[]) order by e.stream, e.version`,
    [ledger, [...found.keys()]],
  );
  for (const row of rows) found.get(row.stream)?.push(recordedOf(row));
  return found;
}
