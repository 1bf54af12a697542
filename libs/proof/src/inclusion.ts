import { StasisError } from '@stasis/errors';
import { equalBytes } from './bytes.ts';
import { nodeHash, splitOf } from './hash.ts';
import { rootOf } from './root.ts';

/**
 * The audit path of leaf `index` (from 0) in the tree of these leaf hashes (RFC 6962, section 2.1.1), from the leaf up.
 * @throws StasisError BadRequest when there is no such leaf.
 */
export function inclusionProof(leafHashes: readonly Uint8Array[], index: number): Uint8Array[] {
  if (!Number.isSafeInteger(index) || index < 0 || index >= leafHashes.length)
    throw new StasisError('BadRequest', `leaf ${index} is not in a tree of size ${leafHashes.length}`);
  return path(leafHashes, index, 0, leafHashes.length);
}

function path(hashes: readonly Uint8Array[], index: number, from: number, to: number): Uint8Array[] {
  if (to - from === 1) return [];
  const middle = from + splitOf(to - from);
  return index < middle
    ? [...path(hashes, index, from, middle), rootOf(hashes, middle, to)]
    : [...path(hashes, index, middle, to), rootOf(hashes, from, middle)];
}

export interface InclusionClaim {
  readonly leafHash: Uint8Array;
  /** From 0. */
  readonly leafIndex: number;
  readonly treeSize: number;
  readonly hashes: readonly Uint8Array[];
  readonly root: Uint8Array;
}

/** Whether the claim holds: RFC 9162, section 2.1.3.2. Never throws. */
export function verifyInclusion({ leafHash, leafIndex, treeSize, hashes, root }: InclusionClaim): boolean {
  if (!Number.isSafeInteger(leafIndex) || !Number.isSafeInteger(treeSize)) return false;
  if (leafIndex < 0 || leafIndex >= treeSize) return false;
  let node = leafIndex;
  let last = treeSize - 1;
  let hash = leafHash;
  for (const sibling of hashes) {
    if (last === 0) return false;
    if (node % 2 === 1 || node === last) {
      hash = nodeHash(sibling, hash);
      while (node % 2 === 0 && node !== 0) [node, last] = [node / 2, Math.floor(last / 2)];
    } else {
      hash = nodeHash(hash, sibling);
    }
    [node, last] = [Math.floor(node / 2), Math.floor(last / 2)];
  }
  return last === 0 && equalBytes(hash, root);
}
