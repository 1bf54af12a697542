import type { Sql } from '../database.ts';

/** Highest position of each ledger that has events. */
export async function readHeads(sql: Sql): Promise<Map<string, number>> {
  const rows = await sql.query<{ ledger: string; position: number }>(
    'select ledger, position::float8 as position from ledger_heads',
    [],
  );
  return new Map(rows.map(({ ledger, position }) => [ledger, position]));
}
