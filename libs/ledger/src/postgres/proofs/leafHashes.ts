import type { Sql } from '../database.ts';

const pageSize = 10_000;

/** The leaf hashes at positions `from + 1 … to`, in order, in pages, so that a long ledger fits in memory. */
export async function* leafHashes(sql: Sql, ledger: string, from: number, to: number): AsyncGenerator<Uint8Array> {
  for (let after = from; after < to; after += pageSize) {
    const rows = await sql.query<{ leaf_hash: Uint8Array }>(
      `select leaf_hash from events where ledger = $1 and position > $2::bigint and position <= $3::bigint order by position`,
      [ledger, String(after), String(Math.min(to, after + pageSize))],
    );
    for (const row of rows) yield row.leaf_hash;
  }
}
