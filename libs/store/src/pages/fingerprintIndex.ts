import { fingerprintBytes, slots } from './format.ts';

/** Four 32-bit words of a fingerprint, as they lie in memory. */
export type Fingerprint = Int32Array;

const words = fingerprintBytes / 4;

/** What the workers of one put share: memory that all of them read and add to. */
export interface SharedIndex {
  /** Fingerprints by ordinal. */
  readonly prints: SharedArrayBuffer;
  /** Open addressing; an entry is an ordinal + 1, and 0 is empty. */
  readonly table: SharedArrayBuffer;
  /** The next frame to be taken by a worker. */
  readonly nextFrame: SharedArrayBuffer;
  /** Frames of the parent; ordinals below this * 64 are in the store already. */
  readonly parentFrames: number;
}

/** Memory for the pages of `parentFrames` and of at most `newFrames` more: 16 bytes a page, and 8 to 16 of table. */
export function makeIndex(parentFrames: number, newFrames: number): SharedIndex {
  const ordinals = (parentFrames + newFrames) * slots;
  const entries = 1 << Math.max(10, Math.ceil(Math.log2(ordinals * 2)));
  const nextFrame = new SharedArrayBuffer(4);
  new Int32Array(nextFrame)[0] = parentFrames;
  return {
    prints: new SharedArrayBuffer(ordinals * fingerprintBytes),
    table: new SharedArrayBuffer(entries * 4),
    nextFrame,
    parentFrames,
  };
}

/** A worker's hold on the shared index. Several may find and add at once; nothing is ever removed. */
export class FingerprintIndex {
  readonly parentFrames: number;
  readonly #prints: Int32Array;
  readonly #table: Int32Array;
  readonly #nextFrame: Int32Array;
  readonly #mask: number;

  constructor(shared: SharedIndex) {
    this.parentFrames = shared.parentFrames;
    this.#prints = new Int32Array(shared.prints);
    this.#table = new Int32Array(shared.table);
    this.#nextFrame = new Int32Array(shared.nextFrame);
    this.#mask = this.#table.length - 1;
  }

  takeFrame(): number {
    return Atomics.add(this.#nextFrame, 0, 1);
  }

  /** Whether the page at `ordinal` has this fingerprint. */
  is(ordinal: number, print: Fingerprint): boolean {
    const at = ordinal * words;
    const prints = this.#prints;
    return (
      prints[at] === print[0] &&
      prints[at + 1] === print[1] &&
      prints[at + 2] === print[2] &&
      prints[at + 3] === print[3]
    );
  }

  /** The ordinal of the page with this fingerprint, or -1. */
  find(print: Fingerprint): number {
    for (let at = print[0]! & this.#mask; ; at = (at + 1) & this.#mask) {
      const entry = Atomics.load(this.#table, at);
      if (entry === 0) return -1;
      if (this.is(entry - 1, print)) return entry - 1;
    }
  }

  /** The ordinal of the page with this fingerprint; else `ordinal` is entered for it and -1 comes back. */
  findOrAdd(print: Fingerprint, ordinal: number): number {
    const table = this.#table;
    // Written before the entry is: whoever sees the entry sees the fingerprint.
    this.#prints.set(print, ordinal * words);
    for (let at = print[0]! & this.#mask; ; at = (at + 1) & this.#mask) {
      const entry = Atomics.load(table, at) || Atomics.compareExchange(table, at, 0, ordinal + 1);
      if (entry === 0) return -1;
      if (this.is(entry - 1, print)) return entry - 1;
    }
  }
}
