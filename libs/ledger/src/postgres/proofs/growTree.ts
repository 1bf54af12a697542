import { StasisError } from '@stasis/errors';
import { leavesOf, subtreesOf, TreeFrontier } from '@stasis/proof';
import type { Sql } from '../database.ts';
import { hashNode } from './hashNode.ts';
import { leafHashes } from './leafHashes.ts';
import { insertSubtrees, lowestKept, rootsOfRanges, type SubtreeRow } from './subtreeHashes.ts';

const rowsAtOnce = 4096;

/**
 * Brings the subtree rows of a ledger up to `size` and returns its root. Goes on from the last row of the lowest kept height,
 * so it reads each leaf hash once, and the last unfinished block of 256 again. Where rows are missing altogether (a ledger
 * from before they were kept) it makes them all.
 *
 * The caller holds a transaction in which it also keeps the head. Dies in the middle: neither is there, and the next caller
 * starts from the same row. Two at once write the same rows; the second finds them.
 * @throws StasisError LedgerCorrupt when events up to `size` are missing.
 */
export async function growTree(sql: Sql, ledger: string, size: number): Promise<Uint8Array> {
  const frontier = await frontierSoFar(sql, ledger, size);
  let rows: SubtreeRow[] = [];
  for await (const hash of leafHashes(sql, ledger, frontier.size, size)) {
    frontier.append(hash, (subtree, root) => {
      if (subtree.height >= lowestKept) rows.push({ ...subtree, hash: root });
    });
    if (rows.length < rowsAtOnce) continue;
    await insertSubtrees(sql, ledger, rows);
    rows = [];
  }
  await insertSubtrees(sql, ledger, rows);
  if (frontier.size !== size)
    throw new StasisError(
      'LedgerCorrupt',
      `ledger "${ledger}" has ${frontier.size} rows of ${size}; no head is signed`,
      {
        next: 'Run `stasis ledger verify`.',
      },
    );
  return frontier.root();
}

async function frontierSoFar(sql: Sql, ledger: string, size: number): Promise<TreeFrontier> {
  const [row] = await sql.query<{ blocks: number }>(
    `select coalesce(max(index) + 1, 0)::float8 as blocks from subtree_hashes where ledger = $1 and height = $2::smallint`,
    [ledger, lowestKept],
  );
  const blocks = Math.min(row?.blocks ?? 0, Math.floor(size / 2 ** lowestKept));
  const covered = blocks * 2 ** lowestKept;
  const roots = await rootsOfRanges(sql, ledger, subtreesOf({ from: 0, to: covered }).map(leavesOf));
  return new TreeFrontier(covered, roots, hashNode);
}
