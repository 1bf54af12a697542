import { closeSync, openSync } from 'node:fs';
import { malformed } from './bytes.ts';
import { pageSize, slots, zeroPage } from './format.ts';
import { openFrame, unpack } from './frame.ts';
import { secretOf, type FrameTable } from './frameTable.ts';
import type { WholeFrame } from './imageBody.ts';
import { release } from './memory.ts';
import { inPack, readExactly } from './packFile.ts';
import { type Base, isPatch, unpackPatch, wordsOf, xorPage } from './patch.ts';

/** Frames that are kept opened: a quarter of a MiB each. */
const keptFrames = 32;

interface OpenFrame {
  readonly bytes: Buffer;
  /** Of a patch: what each of its pages is against. */
  readonly patch?: readonly Base[];
}

/** Reads the frames of one image, each checked before it is used; the last ones stay at hand. */
export class FrameReader {
  readonly #table: FrameTable;
  readonly #pathOf: (packId: string) => string;
  readonly #files = new Map<string, number>();
  readonly #kept = new Map<number, OpenFrame>();

  constructor(table: FrameTable, pathOf: (packId: string) => string) {
    this.#table = table;
    this.#pathOf = pathOf;
  }

  /** Copies the pages at these ordinals, in their order, into `out`. */
  copyPages(ordinals: Int32Array, out: Buffer): void {
    for (let page = 0; page < ordinals.length;) {
      const from = page;
      const first = ordinals[page]!;
      if (first === zeroPage) {
        while (page < ordinals.length && ordinals[page] === zeroPage) page++;
        out.fill(0, from * pageSize, page * pageSize);
        continue;
      }
      const frame = Math.floor(first / slots);
      const end = (frame + 1) * slots;
      do page++;
      while (page < ordinals.length && ordinals[page] === first + page - from && first + page - from < end);
      const start = (first % slots) * pageSize;
      const { bytes } = this.#frame(frame);
      if (start + (page - from) * pageSize > bytes.length) throw malformed('a page beyond the end of its frame');
      bytes.copy(out, from * pageSize, start, start + (page - from) * pageSize);
    }
  }

  /** The piece of a file that is kept whole. */
  whole({ pack, offset, length, plainLength, secret }: WholeFrame): Buffer {
    const { id } = this.#table.packs[pack]!;
    const bytes = inPack(id, () => unpack(openFrame(this.#read(id, offset, length), secret, this.#table.sealed)));
    if (bytes.length !== plainLength) throw malformed('a frame of another length than was recorded');
    return bytes;
  }

  /** The page at an ordinal. */
  page(ordinal: number): Buffer {
    const at = (ordinal % slots) * pageSize;
    return this.#frame(Math.floor(ordinal / slots)).bytes.subarray(at, at + pageSize);
  }

  /** The page that a patch of the page at this ordinal would be against: itself, or what it is a patch against. */
  rootOf(ordinal: number): number {
    const frame = Math.floor(ordinal / slots);
    const bases = this.#table.bases[frame]!;
    if (bases.length === 0) return ordinal;
    const base = this.#frame(frame).patch?.[ordinal % slots];
    return base === undefined ? -1 : bases[base.frame]! * slots + base.slot;
  }

  close(): void {
    for (const fd of this.#files.values()) closeSync(fd);
    this.#files.clear();
    for (const { bytes } of this.#kept.values()) release(bytes);
    this.#kept.clear();
  }

  #frame(frame: number): OpenFrame {
    const kept = this.#kept.get(frame);
    if (kept) {
      this.#kept.delete(frame);
      this.#kept.set(frame, kept);
      return kept;
    }
    const table = this.#table;
    const { id } = table.packs[table.pack[frame]!]!;
    const bytes = inPack(id, () => {
      const stored = this.#read(id, table.offset[frame]!, table.length[frame]!);
      const payload = openFrame(stored, secretOf(table, frame), table.sealed);
      return isPatch(payload) ? unpackPatch(payload) : { bytes: unpack(payload) };
    });
    const opened = 'xored' in bytes ? this.#undo(bytes.bases, bytes.xored, table.bases[frame]!) : bytes;
    this.#kept.set(frame, opened);
    if (this.#kept.size > keptFrames)
      for (const [oldest, { bytes: unused }] of this.#kept) {
        this.#kept.delete(oldest);
        release(unused);
        break;
      }
    return opened;
  }

  #undo(patch: readonly Base[], xored: Buffer, bases: readonly number[]): OpenFrame {
    const words = wordsOf(xored);
    release(xored);
    patch.forEach(({ frame, slot }, at) => {
      const base = bases[frame];
      if (base === undefined) throw malformed('a patch against a frame that is not listed');
      const page = this.page(base * slots + slot);
      if (page.length !== pageSize) throw malformed('a patch against a page beyond the end of its frame');
      xorPage(words.subarray((at * pageSize) / 4, ((at + 1) * pageSize) / 4), wordsOf(page));
    });
    return { bytes: Buffer.from(words.buffer), patch };
  }

  #read(packId: string, offset: number, length: number): Buffer {
    let fd = this.#files.get(packId);
    if (fd === undefined) {
      fd = openSync(this.#pathOf(packId), 'r');
      this.#files.set(packId, fd);
    }
    return readExactly(fd, offset, length);
  }
}
