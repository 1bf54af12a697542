import { StasisError } from '@stasis/errors';
import { equalBytes } from './bytes.ts';
import { emptyRoot, nodeHash, splitOf } from './hash.ts';
import { rootOf } from './root.ts';

/**
 * Proof that the first `from` leaves of this tree are the whole tree of size `from` (RFC 6962, section 2.1.2).
 * Empty when `from` is 0 or the whole size.
 * @throws StasisError BadRequest when `from` is larger than the tree.
 */
export function consistencyProof(leafHashes: readonly Uint8Array[], from: number): Uint8Array[] {
  const size = leafHashes.length;
  if (!Number.isSafeInteger(from) || from < 0 || from > size)
    throw new StasisError('BadRequest', `size ${from} is not within a tree of size ${size}`);
  return from === 0 || from === size ? [] : subproof(leafHashes, from, 0, size, true);
}

function subproof(hashes: readonly Uint8Array[], old: number, from: number, to: number, whole: boolean): Uint8Array[] {
  const size = to - from;
  if (old === size) return whole ? [] : [rootOf(hashes, from, to)];
  const split = splitOf(size);
  const middle = from + split;
  return old <= split
    ? [...subproof(hashes, old, from, middle, whole), rootOf(hashes, middle, to)]
    : [...subproof(hashes, old - split, middle, to, false), rootOf(hashes, from, middle)];
}

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
