import { StasisError } from '@stasis/errors';
import { consistencyProof, inclusionProof } from '@stasis/proof';
import type { Sql } from '../database.ts';
import { leafHashes } from './leafHashes.ts';

async function treeOf(sql: Sql, ledger: string, size: number): Promise<Uint8Array[]> {
  const hashes: Uint8Array[] = [];
  for await (const hash of leafHashes(sql, ledger, 0, size)) hashes.push(hash);
  if (hashes.length !== size)
    throw new StasisError('BadRequest', `ledger "${ledger}" has ${hashes.length} events, not ${size}`);
  return hashes;
}

/**
 * The audit path of the event at `position` in the tree of the first `treeSize` events.
 * @throws StasisError BadRequest when the ledger is shorter or the position is not in that tree.
 */
export const proveInclusion = async (
  sql: Sql,
  { ledger, position, treeSize }: { ledger: string; position: number; treeSize: number },
): Promise<Uint8Array[]> => inclusionProof(await treeOf(sql, ledger, treeSize), position - 1);

/**
 * Proof that the tree of size `to` only added to the tree of size `from`.
 * @throws StasisError BadRequest when the ledger is shorter than `to`, or `to` than `from`.
 */
export const proveConsistency = async (
  sql: Sql,
  { ledger, from, to }: { ledger: string; from: number; to: number },
): Promise<Uint8Array[]> => consistencyProof(await treeOf(sql, ledger, to), from);
