import { createHash, hash, type Hash } from 'node:crypto';
import { closeSync, constants, openSync, readSync, readvSync } from 'node:fs';
import { StasisError } from '@stasis/errors';
import { FingerprintIndex, type Fingerprint, type SharedIndex } from './fingerprintIndex.ts';
import { pageSize, zeroPage } from './format.ts';
import type { FrameReader } from './frameReader.ts';
import { pack, sealFrame } from './frame.ts';
import { type NewFrame, OpenFrame } from './openFrames.ts';
import { equalWords, wordsOf } from './patch.ts';
import { keyBytes } from './sealing.ts';

export interface IngestPlan {
  readonly sealed: boolean;
  readonly lineageKey: Uint8Array;
  readonly index: SharedIndex;
}

export interface IngestFile {
  readonly path: string;
  readonly size: number;
  /** Ordinals of the file's pages, to be filled in. */
  readonly map: Int32Array;
  /** Ordinals of the pages of the parent's file of that name; empty without one. */
  readonly parentMap: Int32Array;
  /** For an ordinal of the parent: the first of its pages that is there, or -1. */
  readonly parentPages: Int32Array;
}

export interface NewPiece {
  readonly plainLength: number;
  readonly stored: Uint8Array;
  readonly secret: Uint8Array;
}

/** Pages that are read at once. */
export const pagesAtOnce = 512;
const stride = keyBytes + pageSize;

/** One worker's part of a put: it finds known pages, fills frames with the others, and hashes whole files. */
export class Ingest {
  readonly #plan: IngestPlan;
  readonly #index: FingerprintIndex;
  /** Each page is read to behind the lineage key, so that it is hashed where it lies. */
  readonly #keyed: readonly Buffer[];
  readonly #pages: readonly Buffer<ArrayBuffer>[];
  readonly #words: Int32Array;
  readonly #zero = Buffer.alloc(pageSize);
  readonly #print: Fingerprint = new Int32Array(4);
  /** New pages go as they are into one frame, and as patches against pages of the parent into another. */
  readonly #plain: OpenFrame;
  readonly #patches: OpenFrame;
  readonly #parent: FrameReader | undefined;
  #shift = 0;
  #fd = -1;
  #file: IngestFile | undefined;
  #hash: Hash | undefined;
  #piece = Buffer.alloc(0);

  /** @param parent - reads the frames of the parent */
  constructor(plan: IngestPlan, parent: FrameReader | undefined) {
    this.#plan = plan;
    this.#parent = parent;
    this.#index = new FingerprintIndex(plan.index);
    const takeFrame = () => this.#index.takeFrame();
    this.#plain = new OpenFrame(takeFrame, plan.sealed);
    this.#patches = new OpenFrame(takeFrame, plan.sealed);
    const buffer = Buffer.alloc(stride * pagesAtOnce);
    const starts = Array.from({ length: pagesAtOnce }, (_, at) => at * stride);
    for (const start of starts) buffer.set(plan.lineageKey, start);
    this.#keyed = starts.map((start) => buffer.subarray(start, start + stride));
    this.#pages = starts.map((start) => buffer.subarray(start + keyBytes, start + stride));
    this.#words = new Int32Array(buffer.buffer, buffer.byteOffset, buffer.length / 4);
  }

  openFile(file: IngestFile): void {
    this.close();
    this.#file = file;
    this.#fd = openSync(file.path, constants.O_RDONLY | constants.O_NOFOLLOW);
    this.#shift = 0;
    this.#hash = createHash('sha256');
  }

  close(): void {
    if (this.#fd >= 0) closeSync(this.#fd);
    this.#fd = -1;
  }

  end(): void {
    this.close();
    this.#parent?.close();
  }

  /** The next bytes of the open file go into its digest. */
  hash(start: number, length: number): void {
    this.#hash?.update(this.#read(start, length));
  }

  digest(): string {
    return this.#hash?.digest('hex') ?? '';
  }

  /** A piece of a file that is kept whole. */
  piece(start: number, length: number): NewPiece {
    return {
      plainLength: length,
      ...sealFrame(pack(this.#read(start, length)), this.#plan.sealed),
    };
  }

  /** Finds or adds pages of the open file; returns the frames that got full. At most `pagesAtOnce`. */
  pages(first: number, count: number): NewFrame[] {
    this.#readPages(first, count);
    const full: NewFrame[] = [];
    for (let at = 0; at < count; at++) {
      this.#file!.map[first + at] = this.#isZero(at) ? zeroPage : this.#place(first + at, at, full);
    }
    return full;
  }

  /** The frames that were not filled. */
  flush(): NewFrame[] {
    return [this.#plain, this.#patches].flatMap((frame) => frame.close() ?? []);
  }

  #isZero(at: number): boolean {
    return this.#words[(at * stride + keyBytes) / 4] === 0 && this.#pages[at]!.equals(this.#zero);
  }

  /**
   * The ordinal of a page. A run of equal pages mostly continues with the shift of the page before, so that is tried
   * before any search; a page that is nowhere goes into the frame that is being filled.
   */
  #place(page: number, at: number, full: NewFrame[]): number {
    const { parentMap, parentPages } = this.#file!;
    this.#fingerprint(at);
    const expected = parentMap[page + this.#shift];
    if (expected !== undefined && expected >= 0 && this.#index.is(expected, this.#print)) return expected;
    const known = this.#index.find(this.#print);
    if (known >= 0) {
      const parentPage = parentPages[known] ?? -1;
      if (parentPage >= 0) this.#shift = parentPage - page;
      return known;
    }
    const base = expected !== undefined && expected >= 0 ? this.#baseFor(at, expected) : undefined;
    const frame = base === undefined ? this.#plain : this.#patches;
    const ordinal = frame.next;
    // Another worker may have come upon the same page at the same moment.
    const found = this.#index.findOrAdd(this.#print, ordinal);
    if (found >= 0) return found;
    if (base === undefined) frame.add(this.#pages[at]!);
    else frame.addPatch(this.#wordsAt(at), base.ordinal, base.words);
    if (frame.isFull) full.push(frame.close()!);
    return ordinal;
  }

  /** The page that was where this one is expected, if most of it is still the same. */
  #baseFor(at: number, expected: number): { ordinal: number; words: Int32Array } | undefined {
    const ordinal = this.#parent?.rootOf(expected) ?? -1;
    if (ordinal < 0) return undefined;
    const words = wordsOf(this.#parent!.page(ordinal));
    return equalWords(words, this.#wordsAt(at)) * 2 >= words.length ? { ordinal, words } : undefined;
  }

  #wordsAt(at: number): Int32Array {
    const start = (at * stride + keyBytes) / 4;
    return this.#words.subarray(start, start + pageSize / 4);
  }

  #fingerprint(at: number): void {
    const digest = hash('sha256', this.#keyed[at]!, 'binary');
    for (let word = 0; word < 4; word++) {
      const byte = word * 4;
      this.#print[word] =
        digest.charCodeAt(byte) |
        (digest.charCodeAt(byte + 1) << 8) |
        (digest.charCodeAt(byte + 2) << 16) |
        (digest.charCodeAt(byte + 3) << 24);
    }
  }

  #readPages(first: number, count: number): void {
    const { size } = this.#file!;
    const at = first * pageSize;
    const wanted = Math.min(count * pageSize, size - at);
    // The last page of a file may be a part of one; the rest of it counts as zeros.
    if (wanted < count * pageSize) this.#pages[count - 1]!.fill(0);
    if (readvSync(this.#fd, this.#pages.slice(0, count), at) < wanted) throw cut();
  }

  #read(start: number, length: number): Buffer {
    if (this.#piece.length < length) this.#piece = Buffer.allocUnsafeSlow(length);
    for (let done = 0; done < length;) {
      const count = readSync(this.#fd, this.#piece, done, length - done, start + done);
      if (count === 0) throw cut();
      done += count;
    }
    return this.#piece.subarray(0, length);
  }
}

const cut = (): StasisError => new StasisError('ImageIncomplete', 'is cut short');
