import { StasisError } from '@stasis/errors';
import { joinRoots, type LeafRange, leavesOf, rootOf, type Subtree, subtreesOf } from '@stasis/proof';
import type { Sql } from '../database.ts';

/** Subtrees of 2^8 leaves and more are rows of `subtree_hashes`; smaller ones are made of at most 255 leaf hashes. */
export const lowestKept = 8;

export interface SubtreeRow extends Subtree {
  readonly hash: Uint8Array;
}

/**
 * The roots of ranges of leaves, as `inclusionRanges` and `consistencyRanges` give them: two statements that read O(log n)
 * subtree rows by key, and the leaf hashes of at most two unfinished blocks of 256. `offset 0` keeps the planner to the index
 * however little it knows of the tables.
 * @throws StasisError BadRequest for a range that ends above what is signed, LedgerCorrupt when a row is missing below.
 */
export async function rootsOfRanges(sql: Sql, ledger: string, ranges: readonly LeafRange[]): Promise<Uint8Array[]> {
  const parts = ranges.map(subtreesOf);
  const [high, low] = [true, false].map((isHigh) =>
    parts.flat().filter(({ height }) => height >= lowestKept === isHigh),
  ) as [Subtree[], Subtree[]];
  const kept = await readSubtrees(sql, ledger, high);
  const leaves = await readLeafHashes(sql, ledger, low.map(leavesOf));
  const rootOfPart = async (part: Subtree): Promise<Uint8Array> => {
    const hash = part.height >= lowestKept ? kept.get(keyOf(part)) : rootOfLeaves(leaves, leavesOf(part));
    return hash ?? refuse(sql, ledger, leavesOf(part));
  };
  return Promise.all(parts.map(async (some) => joinRoots(await Promise.all(some.map(rootOfPart)))));
}

const keyOf = ({ height, index }: Subtree): string => `${height}/${index}`;

async function readSubtrees(sql: Sql, ledger: string, wanted: readonly Subtree[]): Promise<Map<string, Uint8Array>> {
  if (wanted.length === 0) return new Map();
  const rows = await sql.query<SubtreeRow>(
    `select s.height, s.index::float8 as index, s.hash from unnest($2::smallint[], $3::bigint[]) as w(height, index)
       cross join lateral (select * from subtree_hashes
         where ledger = $1 and height = w.height and index = w.index offset 0) s`,
    [ledger, wanted.map(({ height }) => height), wanted.map(({ index }) => String(index))],
  );
  return new Map(rows.map((row) => [keyOf(row), row.hash]));
}

/** Leaf hashes by index, from 0. */
async function readLeafHashes(
  sql: Sql,
  ledger: string,
  ranges: readonly LeafRange[],
): Promise<Map<number, Uint8Array>> {
  if (ranges.length === 0) return new Map();
  const rows = await sql.query<{ index: number; leaf_hash: Uint8Array }>(
    `select (e.position - 1)::float8 as index, e.leaf_hash from unnest($2::bigint[], $3::bigint[]) as r(first, last)
       cross join lateral (select position, leaf_hash from events
         where ledger = $1 and position > r.first and position <= r.last offset 0) e`,
    [ledger, ranges.map(({ from }) => String(from)), ranges.map(({ to }) => String(to))],
  );
  return new Map(rows.map((row) => [row.index, row.leaf_hash]));
}

function rootOfLeaves(leaves: ReadonlyMap<number, Uint8Array>, { from, to }: LeafRange): Uint8Array | undefined {
  const hashes: Uint8Array[] = [];
  for (let index = from; index < to; index += 1) {
    const hash = leaves.get(index);
    if (hash === undefined) return undefined;
    hashes.push(hash);
  }
  return rootOf(hashes);
}

async function refuse(sql: Sql, ledger: string, { from, to }: LeafRange): Promise<never> {
  const [row] = await sql.query<{ size: number }>(
    'select coalesce(max(size), 0)::float8 as size from tree_heads where ledger = $1',
    [ledger],
  );
  const size = row?.size ?? 0;
  throw to > size
    ? new StasisError('BadRequest', `the tree of ledger "${ledger}" is signed up to size ${size}, not ${to}`)
    : new StasisError('LedgerCorrupt', `ledger "${ledger}" has no hash of positions ${from + 1} to ${to}`, {
        next: 'Run `stasis ledger verify`.',
      });
}

/** Adds rows; those that are there stay as they are. */
export async function insertSubtrees(sql: Sql, ledger: string, rows: readonly SubtreeRow[]): Promise<void> {
  if (rows.length === 0) return;
  await sql.query(
    `insert into subtree_hashes (ledger, height, index, hash)
     select $1, r.* from unnest($2::smallint[], $3::bigint[], $4::bytea[]) as r on conflict do nothing returning 1 as one`,
    [ledger, rows.map(({ height }) => height), rows.map(({ index }) => String(index)), rows.map(({ hash }) => hash)],
  );
}
