import type { Sql } from '../database.ts';
import type { Moment } from './moments.ts';

/** The newest checkpoint of a container, by what it holds, that a restore could have used. */
export interface NewestReady {
  readonly id: string;
  /** ISO 8601. */
  readonly capturedAt: string;
  readonly readyAt: string;
  readonly bytes: number | null;
  /** `<name> <version>` of the runtime that wrote it. */
  readonly runtime: string | null;
}

export interface NewestReadyRow {
  readonly checkpoint: string | null;
  readonly captured_at: Date;
  readonly ready_at: Date;
  readonly bytes: string | null;
  readonly runtime: string | null;
}

/** Of container `c.id` of ledger $1: ready at the instant $2, as known at position $3, and not yet gone. */
export const newestReadyThen = `
  select k.checkpoint, k.captured_at, k.valid_from as ready_at, k.bytes, k.runtime from checkpoint_history k
   where k.ledger = $1 and k.container = c.id collate "C" and k.captured_at <= $2::timestamptz
     and k.valid_from <= $2::timestamptz and k.from_position <= $3::bigint
     and (k.to_position is null or k.to_position > $3::bigint or k.valid_to > $2::timestamptz)
   order by k.captured_at desc, k.checkpoint desc limit 1`;

export const newestReadyOf = (row: NewestReadyRow): NewestReady | null =>
  row.checkpoint === null
    ? null
    : {
        id: row.checkpoint,
        capturedAt: row.captured_at.toISOString(),
        readyAt: row.ready_at.toISOString(),
        bytes: row.bytes === null ? null : Number(row.bytes),
        runtime: row.runtime,
      };

/** By container, for those of `containers` that had one at the moment. */
export async function newestReady(
  sql: Sql,
  { ledger, validAt, position }: Moment,
  containers: readonly string[],
): Promise<Map<string, NewestReady>> {
  const rows = await sql.query<NewestReadyRow & { readonly id: string }>(
    `select c.id, k.* from unnest($4::text[]) as c(id) cross join lateral (${newestReadyThen}) k`,
    [ledger, validAt ?? 'infinity', position, containers],
  );
  return new Map(rows.map((row) => [row.id, newestReadyOf(row)!]));
}
