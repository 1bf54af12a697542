import type { Sql } from '../database.ts';
import { eraseWords } from '../history/writeFacets.ts';

export interface EventText {
  readonly text: string;
  readonly salt: string;
}

/** The free texts of events that still exist, by event id. */
export async function getEventTexts(sql: Sql, eventIds: readonly string[]): Promise<Map<string, EventText>> {
  const rows = await sql.query<EventText & { event_id: string }>(
    `select event_id, text, salt from event_texts where event_id = any($1::text[])`,
    [eventIds],
  );
  return new Map(rows.map(({ event_id: id, text, salt }) => [id, { text, salt }]));
}

/**
 * Erases the text and the salt of one event, and its words from the index; its leaf and every proof stay valid.
 * Idempotent; to be called in a transaction. @returns whether it was there.
 */
export async function eraseEventText(sql: Sql, eventId: string): Promise<boolean> {
  await eraseWords(sql, [eventId]);
  return (await sql.query(`delete from event_texts where event_id = $1 returning 1 as one`, [eventId])).length > 0;
}
