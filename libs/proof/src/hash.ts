import { sha256 } from '@noble/hashes/sha2.js';
import { concat } from './bytes.ts';

/** Length of every hash here, in bytes. */
export const hashLength = 32;

const leafPrefix = Uint8Array.of(0);
const nodePrefix = Uint8Array.of(1);

/** RFC 6962, section 2.1: the hash of a leaf is SHA-256(0x00 ‖ leaf). */
export const leafHash = (leaf: Uint8Array): Uint8Array => sha256(concat(leafPrefix, leaf));

/** RFC 6962, section 2.1: the hash of an inner node is SHA-256(0x01 ‖ left ‖ right). */
export const nodeHash = (left: Uint8Array, right: Uint8Array): Uint8Array => sha256(concat(nodePrefix, left, right));

/** Root of the tree without leaves: SHA-256 of nothing. */
export const emptyRoot = (): Uint8Array => sha256(new Uint8Array());

/** The largest power of two below `size` (which is at least 2): where RFC 6962 splits a tree. Exact up to 2^53. */
export function splitOf(size: number): number {
  let split = 1;
  while (split * 2 < size) split *= 2;
  return split;
}
