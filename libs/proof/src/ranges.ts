import { StasisError } from '@stasis/errors';
import { emptyRoot, nodeHash, splitOf } from './hash.ts';

/** Leaves `from` to `to - 1`. A proof is the roots of some ranges; who holds subtree hashes needs no leaf to have them. */
export interface LeafRange {
  readonly from: number;
  readonly to: number;
}

/** A perfect subtree: `2 ** height` leaves, the first of them `index * 2 ** height`. */
export interface Subtree {
  readonly height: number;
  readonly index: number;
}

/**
 * The ranges whose roots are the audit path of leaf `index` (from 0) in a tree of `size` leaves, from the leaf up: RFC 6962,
 * section 2.1.1.
 * @throws StasisError BadRequest when there is no such leaf.
 */
export function inclusionRanges(size: number, index: number): LeafRange[] {
  if (!Number.isSafeInteger(size) || !Number.isSafeInteger(index) || index < 0 || index >= size)
    throw new StasisError('BadRequest', `leaf ${index} is not in a tree of size ${size}`);
  return path(index, 0, size);
}

function path(index: number, from: number, to: number): LeafRange[] {
  if (to - from === 1) return [];
  const middle = from + splitOf(to - from);
  return index < middle
    ? [...path(index, from, middle), { from: middle, to }]
    : [...path(index, middle, to), { from, to: middle }];
}

/**
 * The ranges whose roots prove that the first `from` leaves of a tree of `size` are the tree of size `from`: RFC 6962,
 * section 2.1.2. Empty when `from` is 0 or the whole size.
 * @throws StasisError BadRequest when `from` is larger than the tree.
 */
export function consistencyRanges(size: number, from: number): LeafRange[] {
  if (!Number.isSafeInteger(size) || !Number.isSafeInteger(from) || from < 0 || from > size)
    throw new StasisError('BadRequest', `size ${from} is not within a tree of size ${size}`);
  return from === 0 || from === size ? [] : subproof(from, 0, size, true);
}

function subproof(old: number, from: number, to: number, whole: boolean): LeafRange[] {
  if (old === to - from) return whole ? [] : [{ from, to }];
  const split = splitOf(to - from);
  const middle = from + split;
  return old <= split
    ? [...subproof(old, from, middle, whole), { from: middle, to }]
    : [...subproof(old - split, middle, to, false), { from, to: middle }];
}

/** The perfect subtrees that a range of a proof, or a whole tree from leaf 0, is made of, from left to right: O(log n). */
export function subtreesOf({ from, to }: LeafRange): Subtree[] {
  const subtrees: Subtree[] = [];
  for (let start = from; start < to;) {
    let height = 0;
    while (2 ** (height + 1) <= to - start) height += 1;
    subtrees.push({ height, index: start / 2 ** height });
    start += 2 ** height;
  }
  return subtrees;
}

/** The leaves of a subtree. */
export const leavesOf = ({ height, index }: Subtree): LeafRange => ({
  from: index * 2 ** height,
  to: (index + 1) * 2 ** height,
});

/** The root of a range, from the roots of its `subtreesOf`, in order. */
export const joinRoots = (roots: readonly Uint8Array[]): Uint8Array =>
  roots.length === 0 ? emptyRoot() : roots.reduceRight((right, left) => nodeHash(left, right));
