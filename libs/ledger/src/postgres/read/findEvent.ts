import type { RecordedEvent } from '@stasis/events';
import type { Sql } from '../database.ts';
import { eventColumns, type EventRow, recordedOf } from './rows.ts';

/** Absent = no ledger holds it. */
export async function findEvent(sql: Sql, eventId: string): Promise<(RecordedEvent & { ledger: string }) | undefined> {
  const [row] = await sql.query<EventRow>(`select ${eventColumns} from events where event_id = $1`, [eventId]);
  return row && { ...recordedOf(row), ledger: row.ledger };
}
