import type { Sql } from '../database.ts';

/** Where a ledger is. */
export interface Mark {
  readonly position: number;
  /** Names the transaction that wrote the head last: equal = nobody appended, or rebuilt the read models, since. */
  readonly written: string;
}

export interface MarkRow extends Mark {
  readonly ledger: string;
}

/** The heads of these ledgers, under the lock; a ledger without events has none. */
export async function readMarks(sql: Sql, ledgers: readonly string[]): Promise<Map<string, Mark>> {
  const rows = await sql.query<MarkRow>(
    'select ledger, position::float8 as position, xmin::text as written from ledger_heads where ledger = any($1::text[])',
    [ledgers],
  );
  return new Map(rows.map(({ ledger, ...mark }) => [ledger, mark]));
}
