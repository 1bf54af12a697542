import { equalBytes } from './bytes.ts';
import { emptyRoot, nodeHash } from './hash.ts';
import { consistencyRanges } from './ranges.ts';
import { rootOf } from './root.ts';

/**
 * Proof that the first `from` leaves of this tree are the whole tree of size `from` (RFC 6962, section 2.1.2).
 * Empty when `from` is 0 or the whole size.
 * @throws StasisError BadRequest when `from` is larger than the tree.
 */
export const consistencyProof = (leafHashes: readonly Uint8Array[], from: number): Uint8Array[] =>
  consistencyRanges(leafHashes.length, from).map((range) => rootOf(leafHashes, range.from, range.to));

export interface ConsistencyClaim {
  readonly fromSize: number;
  readonly toSize: number;
  readonly fromRoot: Uint8Array;
  readonly toRoot: Uint8Array;
  readonly hashes: readonly Uint8Array[];
}

/** Whether the newer tree only added leaves to the older one: RFC 9162, section 2.1.4.2. Never throws. */
export function verifyConsistency({ fromSize, toSize, fromRoot, toRoot, hashes }: ConsistencyClaim): boolean {
  if (!Number.isSafeInteger(fromSize) || !Number.isSafeInteger(toSize)) return false;
  if (fromSize < 0 || fromSize > toSize) return false;
  if (fromSize === toSize) return hashes.length === 0 && equalBytes(fromRoot, toRoot);
  if (fromSize === 0) return hashes.length === 0 && equalBytes(fromRoot, emptyRoot());
  let node = fromSize - 1;
  let last = toSize - 1;
  while (node % 2 === 1) [node, last] = [(node - 1) / 2, Math.floor(last / 2)];
  // The old tree is one perfect subtree: its root is known and is not sent.
  const [first, ...rest] = node === 0 ? [fromRoot, ...hashes] : hashes;
  if (first === undefined) return false;
  let older = first;
  let newer = first;
  for (const hash of rest) {
    if (last === 0) return false;
    if (node % 2 === 1 || node === last) {
      older = nodeHash(hash, older);
      newer = nodeHash(hash, newer);
      while (node % 2 === 0 && node !== 0) [node, last] = [node / 2, Math.floor(last / 2)];
    } else {
      newer = nodeHash(newer, hash);
    }
    [node, last] = [Math.floor(node / 2), Math.floor(last / 2)];
  }
  return last === 0 && equalBytes(older, fromRoot) && equalBytes(newer, toRoot);
}
