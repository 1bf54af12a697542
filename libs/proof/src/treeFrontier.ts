import { StasisError } from '@stasis/errors';
import { concat } from './bytes.ts';
import { hashLength, nodeHash } from './hash.ts';
import { joinRoots, type Subtree } from './ranges.ts';

/**
 * The compact range of a growing tree: the roots of its perfect subtrees from left to right, one for each 1 bit of the
 * size. It is all that is needed to append leaves and to know the root, in O(log size) space.
 */
export class TreeFrontier {
  #size: number;
  readonly #roots: Uint8Array[];

  readonly #hashNode: typeof nodeHash;

  /** @param hashNode a quicker SHA-256 than one that runs everywhere; see `nodeHash`. */
  constructor(size = 0, roots: readonly Uint8Array[] = [], hashNode: typeof nodeHash = nodeHash) {
    if (!Number.isSafeInteger(size) || size < 0 || roots.length !== bitsIn(size))
      throw new StasisError('LedgerCorrupt', `a tree of size ${size} has no frontier of ${roots.length} subtrees`);
    this.#size = size;
    this.#roots = [...roots];
    this.#hashNode = hashNode;
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

  /** Appends one leaf by its hash. `onSubtree` hears of each perfect subtree that is complete with it, lowest first. */
  append(hash: Uint8Array, onSubtree?: (subtree: Subtree, root: Uint8Array) => void): void {
    let root = hash;
    let height = 0;
    // As many merges as the size has trailing 1 bits: binary addition with carry.
    for (let rest = this.#size; rest % 2 === 1; rest = (rest - 1) / 2) {
      root = this.#hashNode(this.#roots.pop()!, root);
      height += 1;
      onSubtree?.({ height, index: (rest - 1) / 2 }, root);
    }
    this.#roots.push(root);
    this.#size += 1;
  }

  /** Root of the tree as it is now. */
  root(): Uint8Array {
    return joinRoots(this.#roots);
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
