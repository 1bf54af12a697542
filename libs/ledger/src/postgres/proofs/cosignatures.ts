import type { Sql } from '../database.ts';

/** Keeps a witness's line for a tree head; the first one of a witness stays. @returns false when it was there already. */
export async function keepCosignature(
  sql: Sql,
  { ledger, size, witness, line }: { ledger: string; size: number; witness: string; line: string },
): Promise<boolean> {
  const kept = await sql.query<{ one: number }>(
    `insert into tree_head_cosignatures (ledger, size, witness, line) values ($1, $2::bigint, $3, $4)
     on conflict (ledger, size, witness) do nothing returning 1 as one`,
    [ledger, String(size), witness, line],
  );
  return kept.length > 0;
}

/** The lines of witnesses by the size of the tree head that they are of, each in the order of the witnesses' names. */
export async function cosignaturesOf(sql: Sql, ledger: string, sizes: readonly number[]): Promise<Map<number, string>> {
  const rows = await sql.query<{ size: number; lines: string }>(
    `select size::float8 as size, string_agg(line, '' order by witness) as lines from tree_head_cosignatures
     where ledger = $1 and size = any($2::bigint[]) group by tree_head_cosignatures.size`,
    [ledger, sizes.map(String)],
  );
  return new Map(rows.map(({ size, lines }) => [size, lines]));
}
