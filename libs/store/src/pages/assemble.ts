import { createHash, type Hash } from 'node:crypto';
import { release } from './memory.ts';
import type { FrameTable } from './frameTable.ts';
import { FrameReader } from './frameReader.ts';
import type { WholeFrame } from './imageBody.ts';

/** One worker's part of reading an image: it puts pieces of files together in shared memory, and hashes whole files. */
export class Assemble {
  readonly #reader: FrameReader;
  #hash: Hash = createHash('sha256');

  constructor(table: FrameTable, pathOf: (packId: string) => string) {
    this.#reader = new FrameReader(table, pathOf);
  }

  pages(ordinals: Int32Array, out: SharedArrayBuffer): void {
    this.#reader.copyPages(ordinals, Buffer.from(out));
  }

  whole(frames: readonly WholeFrame[], out: SharedArrayBuffer): void {
    let at = 0;
    for (const frame of frames) {
      const bytes = this.#reader.whole(frame);
      at += bytes.copy(Buffer.from(out), at);
      release(bytes);
    }
  }

  /** The next bytes of the file. */
  hash(bytes: SharedArrayBuffer, length: number): void {
    this.#hash.update(Buffer.from(bytes, 0, length));
  }

  /** Of the file that was hashed; the next one begins. */
  digest(): string {
    const digest = this.#hash.digest('hex');
    this.#hash = createHash('sha256');
    return digest;
  }

  close(): void {
    this.#reader.close();
  }
}
