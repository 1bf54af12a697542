import { StasisError } from '@stasis/errors';
import { concat } from './bytes.ts';
import { emptyRoot, hashLength, nodeHash } from './hash.ts';

/**
 * The compact range of a growing tree: the roots of its perfect subtrees from left to right, one for each 1 bit of the
 * size. It is all that is needed to append leaves and to know the root, in O(log size) space.
 */
export class TreeFrontier {
  #size: number;
  readonly #roots: Uint8Array[];

  constructor(size = 0, roots: readonly Uint8Array[] = []) {
    if (!Number.isSafeInteger(size) || size < 0 || roots.length !== bitsIn(size))
      throw new StasisError('LedgerCorrupt', `a tree of size ${size} has no frontier of ${roots.length} subtrees`);
    this.#size = size;
    this.#roots = [...roots];
  }

  /** @throws StasisError LedgerCorrupt when the bytes are not a frontier of that size. */
  static fromBytes(size: number, bytes: Uint8Array): TreeFrontier {
    if (bytes.length % hashLength !== 0)
      throw new StasisError('LedgerCorrupt', `a frontier of ${bytes.length} bytes is not made of whole hashes`);
    const roots = Array.from({ length: bytes.length / hashLength }, (_, index) =>
      bytes.slice(index * hashLength, (index + 1) * hashLength),
    );
    return new TreeFrontier(size, roots);
  }

  get size(): number {
    return this.#size;
  }

  /** Appends one leaf by its hash. */
  append(hash: Uint8Array): void {
    let root = hash;
    // As many merges as the size has trailing 1 bits: binary addition with carry.
    for (let rest = this.#size; rest % 2 === 1; rest = (rest - 1) / 2) root = nodeHash(this.#roots.pop()!, root);
    this.#roots.push(root);
    this.#size += 1;
  }

  /** Root of the tree as it is now. */
  root(): Uint8Array {
    return this.#roots.length === 0 ? emptyRoot() : this.#roots.reduceRight((right, left) => nodeHash(left, right));
  }

  /** For `fromBytes`; the size is kept by the caller. */
  toBytes(): Uint8Array {
    return concat(...this.#roots);
  }
}

function bitsIn(size: number): number {
  let bits = 0;
  for (let rest = size; rest > 0; rest = Math.floor(rest / 2)) bits += rest % 2;
  return bits;
}
