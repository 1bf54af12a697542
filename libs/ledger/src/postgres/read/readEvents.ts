import type { RecordedEvent } from '@stasis/events';
import type { ReadOptions } from '../../port.ts';
import type { Sql } from '../database.ts';
import { eventColumns, type EventRow, recordedOf } from './rows.ts';

/** Events of one ledger above a position, in order of position. */
export async function readEvents(sql: Sql, ledger: string, { after, limit }: ReadOptions): Promise<RecordedEvent[]> {
  const rows = await sql.query<EventRow>(
    `select ${eventColumns} from events e where e.ledger = $1 and e.position > $2::bigint order by e.position limit $3::int`,
    [ledger, String(after), limit],
  );
  return rows.map(recordedOf);
}
