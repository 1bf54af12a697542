import type { Sql } from '../database.ts';

export interface KeptTreeHead {
  readonly size: number;
  /** The signed note as it was made, without cosignatures. */
  readonly note: string;
}

/** The kept tree heads of a ledger larger than `after`, smallest first. `after` -1 = from the start. */
export const listTreeHeads = (
  sql: Sql,
  ledger: string,
  { after, limit }: { readonly after: number; readonly limit: number },
): Promise<KeptTreeHead[]> =>
  sql.query<KeptTreeHead>(
    `select size::float8 as size, note from tree_heads where ledger = $1 and size > $2::bigint
     order by tree_heads.size limit $3::int`,
    [ledger, String(after), limit],
  );
