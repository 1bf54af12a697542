import { TreeFrontier } from '@stasis/proof';
import type { Sql } from '../database.ts';
import { hashNode } from '../proofs/hashNode.ts';
import { leafHashes } from '../proofs/leafHashes.ts';
import { lowestKept, type SubtreeRow } from '../proofs/subtreeHashes.ts';
import { latestTreeHead } from '../proofs/treeHeads.ts';

const rowsAtOnce = 4096;

/**
 * Computes the subtree hashes below the newest tree head anew, adds those that are missing, and counts those that were
 * missing, wrong or too many. A wrong one stays as it is: it is a part of the ledger, and evidence.
 */
export async function rebuildSubtrees(sql: Sql, ledger: string): Promise<{ rows: number; differing: number }> {
  const size = (await latestTreeHead(sql, ledger))?.size ?? 0;
  const frontier = new TreeFrontier(0, [], hashNode);
  const counts = { rows: 0, differing: 0 };
  let right: SubtreeRow[] = [];
  const compare = async (): Promise<void> => {
    counts.rows += right.length;
    counts.differing += await addMissing(sql, ledger, right);
    right = [];
  };
  for await (const hash of leafHashes(sql, ledger, 0, size)) {
    frontier.append(hash, (subtree, root) => {
      if (subtree.height >= lowestKept) right.push({ ...subtree, hash: root });
    });
    if (right.length >= rowsAtOnce) await compare();
  }
  await compare();
  const [kept] = await sql.query<{ n: number }>('select count(*)::float8 as n from subtree_hashes where ledger = $1', [
    ledger,
  ]);
  return { ...counts, differing: counts.differing + Math.max(0, (kept?.n ?? 0) - counts.rows) };
}

/** Returns how many of these were not there, or not so. */
async function addMissing(sql: Sql, ledger: string, right: readonly SubtreeRow[]): Promise<number> {
  const [row] = await sql.query<{ differing: number }>(
    `with r as (select * from unnest($2::smallint[], $3::bigint[], $4::bytea[]) as r(height, index, hash)),
       added as (insert into subtree_hashes (ledger, height, index, hash) select $1, * from r on conflict do nothing returning 1)
     select ((select count(*) from added) + (select count(*) from r join subtree_hashes s
       on s.ledger = $1 and s.height = r.height and s.index = r.index where s.hash <> r.hash))::float8 as differing`,
    [ledger, right.map(({ height }) => height), right.map(({ index }) => String(index)), right.map(({ hash }) => hash)],
  );
  return row?.differing ?? 0;
}
