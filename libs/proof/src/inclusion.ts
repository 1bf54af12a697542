import { equalBytes } from './bytes.ts';
import { nodeHash } from './hash.ts';
import { inclusionRanges } from './ranges.ts';
import { rootOf } from './root.ts';

/**
 * The audit path of leaf `index` (from 0) in the tree of these leaf hashes (RFC 6962, section 2.1.1), from the leaf up.
 * @throws StasisError BadRequest when there is no such leaf.
 */
export const inclusionProof = (leafHashes: readonly Uint8Array[], index: number): Uint8Array[] =>
  inclusionRanges(leafHashes.length, index).map(({ from, to }) => rootOf(leafHashes, from, to));

export interface InclusionClaim {
  readonly leafHash: Uint8Array;
  /** From 0. */
  readonly leafIndex: number;
  readonly treeSize: number;
  readonly hashes: readonly Uint8Array[];
  readonly root: Uint8Array;
}

/** One hash of an audit path being taken in: where it stands, and what the path has come to with it. */
export interface InclusionStep {
  readonly side: 'left' | 'right';
  readonly sibling: Uint8Array;
  readonly hash: Uint8Array;
}

/**
 * Follows an audit path from the leaf towards the root, hash by hash: RFC 9162, section 2.1.3.2. Absent when the path is
 * too short or too long for that leaf in a tree of that size. Never throws.
 */
export function inclusionSteps(claim: Omit<InclusionClaim, 'root'>): InclusionStep[] | undefined {
  const { leafHash, leafIndex, treeSize, hashes } = claim;
  if (!Number.isSafeInteger(leafIndex) || !Number.isSafeInteger(treeSize)) return undefined;
  if (leafIndex < 0 || leafIndex >= treeSize) return undefined;
  let node = leafIndex;
  let last = treeSize - 1;
  let hash = leafHash;
  const steps: InclusionStep[] = [];
  for (const sibling of hashes) {
    if (last === 0) return undefined;
    const side = node % 2 === 1 || node === last ? 'left' : 'right';
    hash = side === 'left' ? nodeHash(sibling, hash) : nodeHash(hash, sibling);
    if (side === 'left') while (node % 2 === 0 && node !== 0) [node, last] = [node / 2, Math.floor(last / 2)];
    [node, last] = [Math.floor(node / 2), Math.floor(last / 2)];
    steps.push({ side, sibling, hash });
  }
  return last === 0 ? steps : undefined;
}

/** Whether the claim holds. Never throws. */
export function verifyInclusion({ root, ...claim }: InclusionClaim): boolean {
  const steps = inclusionSteps(claim);
  return steps !== undefined && equalBytes(steps.at(-1)?.hash ?? claim.leafHash, root);
}
