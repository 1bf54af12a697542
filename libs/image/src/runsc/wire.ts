/**
 * Reads the wire format of gVisor's pkg/state (pkg/state/wire/wire.go), in which builds of 2022 to 2026 write the same.
 * Numbers are varints, seven bits a byte, least first; an object is its type's number and then its content. Mostly only
 * where a value ends is wanted; values themselves are built while `keep` is set.
 */

/** The bytes at hand end within a value. */
export class NeedMore extends Error {}

/** The bytes cannot be this format. */
export class NotWire extends Error {}

/** Maps, and everything while nothing is kept, are undefined; so is nil, which stands for the zero of any type. */
export type WireValue = undefined | number | string | WireList | WireStruct | WireRef | WireSlice | WireType;
export type WireList = readonly WireValue[];
/** `typeId` counts the types of the section from 1. */
export interface WireStruct {
  readonly typeId: number;
  readonly fields: WireList;
}
/** The object `root` of the section; `steps` lead to a place inside it. */
export interface WireRef {
  readonly root: number;
  readonly steps: number;
}
export interface WireSlice {
  readonly length: number;
  readonly array: WireRef;
}
export interface WireType {
  readonly name: string;
  readonly fieldNames: readonly string[];
}

export const wireType = {
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
  keep = false;
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
    throw new NotWire(`no number before byte ${this.at}`);
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

  /** One object with the number of its type before it. */
  object(): { readonly kind: number; readonly value: WireValue } {
    const kind = this.uint();
    return { kind, value: this.content(kind) };
  }

  content(kind: number): WireValue {
    if (++this.#depth > maxDepth) throw new NotWire('values nested too deep');
    const value = this.#content(kind);
    this.#depth--;
    return value;
  }

  #content(kind: number): WireValue {
    switch (kind) {
      case wireType.bool:
      case wireType.uint:
      case wireType.float32:
      case wireType.float64:
      // Zigzag; no signed number is wanted, so it is left as it is.
      case wireType.int:
        return this.uint();
      case wireType.nil:
      case wireType.noObjects:
        return undefined;
      case wireType.complex64:
      case wireType.complex128:
        this.uint();
        this.uint();
        return undefined;
      case wireType.string:
        return this.#string();
      case wireType.ref:
        return this.#ref();
      case wireType.slice: {
        const length = this.uint();
        this.uint();
        const array = this.#ref();
        return this.keep ? { length, array } : undefined;
      }
      case wireType.array:
        return this.#array();
      case wireType.map:
        return this.#map();
      case wireType.struct:
        return this.#struct();
      case wireType.multipleObjects:
        return this.#listOf(this.uint(), () => this.object().value);
      case wireType.interface:
        this.#typeSpec();
        return this.object().value;
      case wireType.type: {
        const name = this.#string();
        const fieldNames = this.#listOf(this.uint(), () => this.#string());
        return this.keep ? ({ name, fieldNames } as WireType) : undefined;
      }
      default:
        throw new NotWire(`unknown type ${kind} before byte ${this.at}`);
    }
  }

  /** After a NeedMore: back to `at`, outside of any object. */
  rewind(at: number): void {
    this.at = at;
    this.#depth = 0;
  }

  #listOf(length: number, read: () => WireValue): WireList | undefined {
    const list: WireValue[] = [];
    for (let left = length; left > 0; left--) {
      const value = read();
      if (this.keep) list.push(value);
    }
    return this.keep ? list : undefined;
  }

  #string(): string | undefined {
    const length = this.uint();
    const begin = this.at;
    this.skip(length);
    return this.keep ? Buffer.from(this.bytes.subarray(begin, this.at)).toString('utf8') : undefined;
  }

  /** The first element says the type of all. */
  #array(): WireValue {
    let kind: number | undefined;
    return this.#listOf(this.uint(), () => {
      if (kind !== undefined) return this.content(kind);
      const first = this.object();
      kind = first.kind;
      return first.value;
    });
  }

  #map(): undefined {
    const length = this.uint();
    if (length === 0) return;
    const key = this.object().kind;
    const value = this.object().kind;
    for (let left = length - 1; left > 0; left--) {
      this.content(key);
      this.content(value);
    }
  }

  /** No fields, one as it is, or several. */
  #struct(): WireValue {
    const typeId = this.uint();
    const { kind, value } = this.object();
    if (!this.keep) return undefined;
    if (kind === wireType.multipleObjects) return { typeId, fields: value as WireList };
    return { typeId, fields: kind === wireType.noObjects ? [] : [value] };
  }

  /** Root, then steps: an index (even zigzag) or the length of a field's name (odd); with steps, a type. */
  #ref(): WireRef {
    const root = this.uint();
    const steps = this.uint();
    for (let left = steps; left > 0; left--) {
      const zigzag = this.uint();
      if (zigzag % 2 === 1) this.skip((zigzag + 1) / 2);
    }
    if (steps > 0) this.#typeSpec();
    return { root, steps };
  }

  #typeSpec(): void {
    if (++this.#depth > maxDepth) throw new NotWire('types nested too deep');
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

/** The lower 49 bits of a varint: exact, where the whole number is beyond what a double holds. */
function lowBits(varint: Uint8Array): number {
  return varint.subarray(0, 7).reduce((value, byte, i) => value + (byte & 0x7f) * 128 ** i, 0);
}
