import { zstdCompressSync } from 'node:zlib';
import { malformed } from './bytes.ts';
import { codec, pageSize, slots } from './format.ts';
import { inflate, level } from './frame.ts';
import { joined } from './memory.ts';

/** Where the page that a page is a patch against is: index into the frame's bases, and slot there. */
export interface Base {
  readonly frame: number;
  readonly slot: number;
}

/** The payload of a frame of pages each of which was XORed with its base: mostly zeros. */
export function packPatch(bases: readonly Base[], xored: Uint8Array): Buffer {
  const head = Uint8Array.from([codec.patch, bases.length, ...bases.flatMap(({ frame, slot }) => [frame, slot])]);
  return joined(head, zstdCompressSync(xored, level));
}

export const isPatch = (payload: Buffer): boolean => payload[0] === codec.patch;

/** @throws StasisError IntegrityMismatch */
export function unpackPatch(payload: Buffer): {
  readonly bases: readonly Base[];
  readonly xored: Buffer;
} {
  const count = payload[1] ?? 0;
  const end = 2 + 2 * count;
  if (payload.length < end) throw malformed('a patch that is cut');
  const bases = Array.from({ length: count }, (_, at) => ({
    frame: payload[2 + 2 * at]!,
    slot: payload[3 + 2 * at]!,
  }));
  const xored = inflate(payload.subarray(end));
  if (xored.length !== count * pageSize || bases.some(({ slot }) => slot >= slots))
    throw malformed('a patch of another length than its list');
  return { bases, xored };
}

/** XORs a page into another. Both begin at a multiple of four bytes in their memory. */
export function xorPage(into: Int32Array, page: Int32Array): void {
  for (let word = 0; word < into.length; word++) into[word]! ^= page[word]!;
}

/** Words of 4 bytes that are the same in both pages. */
export function equalWords(one: Int32Array, two: Int32Array): number {
  let equal = 0;
  for (let word = 0; word < one.length; word++) if (one[word] === two[word]) equal += 1;
  return equal;
}

/** A copy of a page as words; a Buffer may lie anywhere. */
export function wordsOf(bytes: Buffer): Int32Array {
  const words = new Int32Array(bytes.length / 4);
  new Uint8Array(words.buffer).set(bytes);
  return words;
}
