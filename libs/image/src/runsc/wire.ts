/**
 * Reads over the wire format of gVisor's pkg/state (pkg/state/wire/wire.go) without building anything: what is wanted
 * is only where each value ends. Numbers are varints, seven bits a byte, least first; an object is its type's number and
 * then its content. The format is the same in builds of 2022 and 2026.
 */

/** The bytes at hand end within a value. */
export class NeedMore extends Error {}

/** The bytes cannot be this format. */
export class NotWire extends Error {}

const type = {
  bool: 0,
  int: 1,
  uint: 2,
  float32: 3,
  float64: 4,
  nil: 5,
  ref: 6,
  string: 7,
  slice: 8,
  array: 9,
  map: 10,
  struct: 11,
  noObjects: 12,
  multipleObjects: 13,
  interface: 14,
  complex64: 15,
  complex128: 16,
  type: 17,
} as const;

/** Deeper nesting than any real state has; a stream that nests deeper is no state. */
const maxDepth = 2_000;

export class WireCursor {
  bytes: Uint8Array;
  at: number;
  /** Length of the slice that was read last. */
  sliceLength = 0;
  #depth = 0;

  constructor(bytes: Uint8Array, at = 0) {
    this.bytes = bytes;
    this.at = at;
  }

  uint(): number {
    let value = 0;
    let scale = 1;
    for (let i = 0; i < 10; i++) {
      const byte = this.bytes[this.at];
      if (byte === undefined) throw new NeedMore();
      this.at++;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 128;
    }
    throw new NotWire(`no number at byte ${this.at}`);
  }

  /** The head of a section: how many objects follow, or how many raw bytes. The top bit of 64 tells which. */
  sectionHead(): { readonly objects: boolean; readonly length: number } {
    const begin = this.at;
    const value = this.uint();
    // Only a tenth byte reaches bit 63.
    const objects = this.at - begin === 10;
    return { objects, length: objects ? lowBits(this.bytes.subarray(begin, this.at)) : value };
  }

  skip(length: number): void {
    if (this.at + length > this.bytes.length) throw new NeedMore();
    this.at += length;
  }

  /** Passes over one object with its type and says which type it was. */
  object(): number {
    const kind = this.uint();
    this.content(kind);
    return kind;
  }

  content(kind: number): void {
    if (++this.#depth > maxDepth) throw new NotWire('nested too deep');
    switch (kind) {
      case type.bool:
      case type.int:
      case type.uint:
      case type.float32:
      case type.float64:
        this.uint();
        break;
      case type.nil:
      case type.noObjects:
        break;
      case type.complex64:
      case type.complex128:
        this.uint();
        this.uint();
        break;
      case type.string:
        this.skip(this.uint());
        break;
      case type.ref:
        this.#ref();
        break;
      case type.slice: {
        const length = this.uint();
        this.uint();
        this.#ref();
        this.sliceLength = length;
        break;
      }
      case type.array:
        this.#array();
        break;
      case type.map:
        this.#map();
        break;
      case type.struct:
        this.uint();
        this.object();
        break;
      case type.multipleObjects:
        for (let left = this.uint(); left > 0; left--) this.object();
        break;
      case type.interface:
        this.#typeSpec();
        this.object();
        break;
      case type.type:
        this.skip(this.uint());
        for (let left = this.uint(); left > 0; left--) this.skip(this.uint());
        break;
      default:
        throw new NotWire(`unknown type ${kind} before byte ${this.at}`);
    }
    this.#depth--;
  }

  /** After a NeedMore: back to `at`, outside of any object. */
  rewind(at: number): void {
    this.at = at;
    this.#depth = 0;
  }

  /** The first element says the type of all. */
  #array(): void {
    const length = this.uint();
    if (length === 0) return;
    const kind = this.object();
    for (let left = length - 1; left > 0; left--) this.content(kind);
  }

  #map(): void {
    const length = this.uint();
    if (length === 0) return;
    const key = this.object();
    const value = this.object();
    for (let left = length - 1; left > 0; left--) {
      this.content(key);
      this.content(value);
    }
  }

  /** Root, then steps: an index (even zigzag) or the length of a field's name (odd); with steps, a type. */
  #ref(): void {
    this.uint();
    const steps = this.uint();
    for (let left = steps; left > 0; left--) {
      const zigzag = this.uint();
      if (zigzag % 2 === 1) this.skip((zigzag + 1) / 2);
    }
    if (steps > 0) this.#typeSpec();
  }

  #typeSpec(): void {
    if (++this.#depth > maxDepth) throw new NotWire('nested too deep');
    const kind = this.uint();
    if (kind === 0) this.uint();
    else if (kind === 1 || kind === 3) this.#typeSpec();
    else if (kind === 2) {
      this.uint();
      this.#typeSpec();
    } else if (kind === 4) {
      this.#typeSpec();
      this.#typeSpec();
    } else if (kind !== 5) throw new NotWire(`unknown type of a type ${kind} before byte ${this.at}`);
    this.#depth--;
  }
}

export const wireTypeNumber = type.uint;
export const wireTypeType = type.type;

/** The lower 53 bits of a varint: exact, where the whole number is beyond what a double holds. */
function lowBits(varint: Uint8Array): number {
  return varint.subarray(0, 7).reduce((value, byte, i) => value + (byte & 0x7f) * 128 ** i, 0);
}
