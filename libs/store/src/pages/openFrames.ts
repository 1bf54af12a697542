import { frameBytes, pageSize, slots } from './format.ts';
import { pack, sealFrame } from './frame.ts';
import { type Base, packPatch, xorPage } from './patch.ts';

/** A frame of new pages, packed and sealed. */
export interface NewFrame {
  /** As the ordinals count frames. */
  readonly frame: number;
  readonly stored: Uint8Array;
  readonly secret: Uint8Array;
  readonly bases: readonly number[];
}

/** A frame that is being filled: with pages as they are, or with pages XORed with their bases. */
export class OpenFrame {
  readonly #takeFrame: () => number;
  readonly #sealed: boolean;
  readonly #bytes = Buffer.alloc(frameBytes);
  #frame = -1;
  #used = 0;
  #bases: number[] = [];
  #patch: Base[] = [];

  constructor(takeFrame: () => number, sealed: boolean) {
    this.#takeFrame = takeFrame;
    this.#sealed = sealed;
  }

  /** The ordinal that the next page gets. */
  get next(): number {
    if (this.#frame < 0) this.#frame = this.#takeFrame();
    return this.#frame * slots + this.#used;
  }

  get isFull(): boolean {
    return this.#used === slots;
  }

  add(page: Uint8Array): void {
    this.#bytes.set(page, this.#used * pageSize);
    this.#used += 1;
  }

  /** A page that is like another one, which is at the ordinal `base`. */
  addPatch(page: Int32Array, base: number, basePage: Int32Array): void {
    const frame = Math.floor(base / slots);
    if (!this.#bases.includes(frame)) this.#bases.push(frame);
    this.#patch.push({ frame: this.#bases.indexOf(frame), slot: base % slots });
    const xored = Int32Array.from(page);
    xorPage(xored, basePage);
    this.add(new Uint8Array(xored.buffer));
  }

  /** What was put in, as a frame; undefined when nothing was. The next one begins. */
  close(): NewFrame | undefined {
    if (this.#used === 0) return undefined;
    const plain = this.#bytes.subarray(0, this.#used * pageSize);
    const payload = this.#patch.length > 0 ? packPatch(this.#patch, plain) : pack(plain);
    const done = { frame: this.#frame, bases: this.#bases, ...sealFrame(payload, this.#sealed) };
    this.#frame = -1;
    this.#used = 0;
    this.#bases = [];
    this.#patch = [];
    return done;
  }
}
