import { consistencyRanges, inclusionRanges } from '@stasis/proof';
import type { Sql } from '../database.ts';
import { rootsOfRanges } from './subtreeHashes.ts';

/**
 * The audit path of the event at `position` in the tree of the first `treeSize` events: O(log n) rows.
 * @throws StasisError BadRequest when that tree is not signed yet or the position is not in it.
 */
export const proveInclusion = async (
  sql: Sql,
  { ledger, position, treeSize }: { ledger: string; position: number; treeSize: number },
): Promise<Uint8Array[]> => rootsOfRanges(sql, ledger, inclusionRanges(treeSize, position - 1));

/**
 * Proof that the tree of size `to` only added to the tree of size `from`: O(log n) rows.
 * @throws StasisError BadRequest when `to` is not signed yet, or smaller than `from`.
 */
export const proveConsistency = async (
  sql: Sql,
  { ledger, from, to }: { ledger: string; from: number; to: number },
): Promise<Uint8Array[]> => rootsOfRanges(sql, ledger, consistencyRanges(to, from));
