import { StasisError } from '@stasis/errors';

/** Integers are little-endian; a varint is unsigned LEB128 of at most 2^53 - 1. */
export class ByteWriter {
  #buffer = Buffer.allocUnsafe(4096);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  u8(value: number): void {
    this.#reserve(1);
    this.#buffer[this.#length++] = value;
  }

  u16(value: number): void {
    this.u8(value & 0xff);
    this.u8(value >>> 8);
  }

  u32(value: number): void {
    this.#reserve(4);
    this.#length = this.#buffer.writeUInt32LE(value, this.#length);
  }

  varint(value: number): void {
    let left = value;
    while (left >= 128) {
      this.u8((left % 128) | 128);
      left = Math.floor(left / 128);
    }
    this.u8(left);
  }

  /** 0, -1, 1, -2 … become 0, 1, 2, 3 … */
  zigzag(value: number): void {
    this.varint(value < 0 ? -2 * value - 1 : 2 * value);
  }

  bytes(value: Uint8Array): void {
    this.#reserve(value.length);
    this.#buffer.set(value, this.#length);
    this.#length += value.length;
  }

  /** Length and UTF-8. */
  string(value: string): void {
    const bytes = Buffer.from(value, 'utf8');
    this.varint(bytes.length);
    this.bytes(bytes);
  }

  done(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  #reserve(count: number): void {
    if (this.#length + count <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, this.#length + count));
    this.#buffer.copy(larger, 0, 0, this.#length);
    this.#buffer = larger;
  }
}

/** Reads what ByteWriter wrote; whatever is not there, or is no such value, is IntegrityMismatch. */
export class ByteReader {
  readonly #bytes: Buffer;
  #at: number;

  constructor(bytes: Buffer, at = 0) {
    this.#bytes = bytes;
    this.#at = at;
  }

  get at(): number {
    return this.#at;
  }

  u8(): number {
    return this.bytes(1)[0] as number;
  }

  u16(): number {
    return this.bytes(2).readUInt16LE();
  }

  u32(): number {
    return this.bytes(4).readUInt32LE();
  }

  varint(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.u8();
      value += (byte & 127) * scale;
      if (!Number.isSafeInteger(value)) throw malformed('a number above 2^53');
      if (byte < 128) return value;
    }
  }

  zigzag(): number {
    const value = this.varint();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  /** A view, not a copy. */
  bytes(count: number): Buffer {
    const end = this.#at + count;
    if (count < 0 || end > this.#bytes.length) throw malformed('an end in the middle of a value');
    const found = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return found;
  }

  string(): string {
    return this.bytes(this.varint()).toString('utf8');
  }

  /** How many of something follow, each of which takes at least a byte: a wild count is told before it takes memory. */
  count(): number {
    const value = this.varint();
    if (value > this.#bytes.length - this.#at) throw malformed('a count of more than follows');
    return value;
  }

  end(): void {
    if (this.#at !== this.#bytes.length) throw malformed('bytes after the end');
  }
}

export const malformed = (what: string): StasisError =>
  new StasisError('IntegrityMismatch', `it is not in the page store's format: ${what}`);
