import { NeedMore, WireCursor } from './wire.ts';

/**
 * A stream of pieces read front to back: whole values through a cursor, raw stretches passed over. Memory is one piece
 * plus the value at hand.
 */
export class ByteStream {
  readonly #pieces: AsyncIterator<Uint8Array>;
  readonly #cursor = new WireCursor(new Uint8Array(0));
  /** Bytes before the cursor's buffer. */
  #passed = 0;
  #ended = false;

  constructor(pieces: AsyncIterable<Uint8Array>) {
    this.#pieces = pieces[Symbol.asyncIterator]();
  }

  get position(): number {
    return this.#passed + this.#cursor.at;
  }

  async atEnd(): Promise<boolean> {
    while (this.#cursor.at >= this.#cursor.bytes.length) if (!(await this.#more())) return true;
    return false;
  }

  /** What `read` reads at the cursor. Runs again from the same place when the piece at hand ends within the value. */
  async take<T>(read: (cursor: WireCursor) => T): Promise<T> {
    for (;;) {
      const begin = this.#cursor.at;
      try {
        return read(this.#cursor);
      } catch (error) {
        this.#cursor.rewind(begin);
        if (!(error instanceof NeedMore) || !(await this.#more())) throw error;
      }
    }
  }

  /** @throws NeedMore when the stream ends before */
  async skip(length: number): Promise<void> {
    for (let left = length; left > 0;) {
      const here = Math.min(left, this.#cursor.bytes.length - this.#cursor.at);
      this.#cursor.at += here;
      left -= here;
      if (left > 0 && !(await this.#more())) throw new NeedMore();
    }
  }

  /** The next `length` bytes, without moving on; fewer only at the end of the stream. */
  async peek(length: number): Promise<Uint8Array> {
    const here = () => this.#cursor.bytes.subarray(this.#cursor.at, this.#cursor.at + length);
    while (here().length < length) if (!(await this.#more())) break;
    return here();
  }

  async bytes(length: number): Promise<Uint8Array> {
    const begin = await this.peek(length);
    if (begin.length < length) throw new NeedMore();
    this.#cursor.at += length;
    return begin.slice();
  }

  async #more(): Promise<boolean> {
    if (this.#ended) return false;
    const next = await this.#pieces.next();
    if (next.done) {
      this.#ended = true;
      return false;
    }
    const left = this.#cursor.bytes.subarray(this.#cursor.at);
    this.#passed += this.#cursor.at;
    // Copied: a piece is only valid until the next one is asked for, and it may have to be kept across that.
    this.#cursor.bytes = Buffer.concat([left, next.value]);
    this.#cursor.rewind(0);
    return true;
  }
}
