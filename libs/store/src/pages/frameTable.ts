import { malformed, type ByteReader, type ByteWriter } from './bytes.ts';
import { maxFramesInPack, packHeaderBytes } from './format.ts';
import { secretBytes } from './sealing.ts';

export interface FramePlace {
  /** Index into the table's packs. */
  readonly pack: number;
  /** Of the frame in its pack, counting frames of pages only. */
  readonly number: number;
  readonly offset: number;
  readonly length: number;
  readonly secret: Uint8Array;
  /** The frames that it is a patch against, as indices into the table; none of them is a patch itself. */
  readonly bases: readonly number[];
}

export interface PackEntry {
  /** 32 hex digits. */
  readonly id: string;
  /** Where its fingerprint blocks begin; 0 when it has no frame of pages. */
  readonly fingerprintsAt: number;
}

/**
 * The frames of pages that an image reads, in order of pack and number. A page of an image is an ordinal: index of its
 * frame here * 64 + slot. Plain arrays of numbers, so that a worker gets it without being parsed again.
 */
export interface FrameTable {
  readonly sealed: boolean;
  readonly packs: readonly PackEntry[];
  readonly count: number;
  readonly pack: Uint32Array;
  readonly number: Uint16Array;
  readonly offset: Float64Array;
  readonly length: Uint32Array;
  readonly secrets: Uint8Array;
  readonly bases: readonly (readonly number[])[];
}

export const secretOf = (table: FrameTable, frame: number): Uint8Array => {
  const size = secretBytes(table.sealed);
  return table.secrets.subarray(frame * size, (frame + 1) * size);
};

export function frameTable(sealed: boolean, packs: readonly PackEntry[], frames: readonly FramePlace[]): FrameTable {
  const secrets = new Uint8Array(frames.length * secretBytes(sealed));
  frames.forEach(({ secret }, at) => secrets.set(secret, at * secretBytes(sealed)));
  return {
    sealed,
    packs,
    count: frames.length,
    pack: Uint32Array.from(frames, (frame) => frame.pack),
    number: Uint16Array.from(frames, (frame) => frame.number),
    offset: Float64Array.from(frames, (frame) => frame.offset),
    length: Uint32Array.from(frames, (frame) => frame.length),
    secrets,
    bases: frames.map((frame) => frame.bases),
  };
}

/** Finds a frame by its pack and number; -1 when the table does not have it. */
export function frameFinder(table: FrameTable): (pack: number, number: number) => number {
  const found = new Int32Array(table.packs.length * maxFramesInPack).fill(-1);
  for (let frame = 0; frame < table.count; frame++)
    found[table.pack[frame]! * maxFramesInPack + table.number[frame]!] = frame;
  return (pack, number) => (number < maxFramesInPack ? (found[pack * maxFramesInPack + number] ?? -1) : -1);
}

export function writeFrameTable(out: ByteWriter, table: FrameTable): void {
  let frame = 0;
  table.packs.forEach(({ fingerprintsAt }, pack) => {
    let end = frame;
    while (end < table.count && table.pack[end] === pack) end++;
    out.varint(fingerprintsAt);
    out.varint(end - frame);
    let nextNumber = 0;
    let nextOffset = packHeaderBytes;
    for (; frame < end; frame++) {
      const offset = table.offset[frame]!;
      const length = table.length[frame]!;
      out.varint(table.number[frame]! - nextNumber);
      out.varint(offset - nextOffset);
      out.varint(length);
      writeBases(out, table.bases[frame]!);
      nextNumber = table.number[frame]! + 1;
      nextOffset = offset + length;
    }
  });
  out.bytes(table.secrets);
}

export function readFrameTable(from: ByteReader, sealed: boolean, packIds: readonly string[]): FrameTable {
  const packs: PackEntry[] = [];
  const frames: FramePlace[] = [];
  packIds.forEach((id, pack) => {
    packs.push({ id, fingerprintsAt: from.varint() });
    let number = 0;
    let offset = packHeaderBytes;
    for (let left = from.count(); left > 0; left--) {
      number += from.varint();
      if (number >= maxFramesInPack) throw malformed('a frame number above what a pack holds');
      offset += from.varint();
      const length = from.varint();
      frames.push({
        pack,
        number,
        offset,
        length,
        secret: new Uint8Array(0),
        bases: readBases(from),
      });
      number += 1;
      offset += length;
    }
  });
  for (const { bases } of frames)
    if (bases.some((base) => frames[base]?.bases.length !== 0)) throw malformed('a patch against no frame, or a patch');
  const secrets = from.bytes(frames.length * secretBytes(sealed));
  const size = secretBytes(sealed);
  return frameTable(
    sealed,
    packs,
    frames.map((frame, at) => ({ ...frame, secret: secrets.subarray(at * size, (at + 1) * size) })),
  );
}

function writeBases(out: ByteWriter, bases: readonly number[]): void {
  out.varint(bases.length);
  let before = 0;
  for (const base of bases) {
    out.zigzag(base - before);
    before = base;
  }
}

function readBases(from: ByteReader): number[] {
  let base = 0;
  return Array.from({ length: from.count() }, () => (base += from.zigzag()));
}
