import type { Append } from '../../port.ts';
import type { Sql } from '../database.ts';

type Text = NonNullable<Append['texts']>[number];

/** Keeps the erasable texts beside their events. */
export async function insertTexts(sql: Sql, texts: readonly Text[]): Promise<void> {
  await sql.query(
    `insert into event_texts (event_id, text, salt) select * from unnest($1::text[], $2::text[], $3::text[]) returning 1 as one`,
    [texts.map(({ eventId }) => eventId), texts.map(({ text }) => text), texts.map(({ salt }) => salt)],
  );
}
