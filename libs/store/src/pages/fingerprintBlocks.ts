import { closeSync, openSync } from 'node:fs';
import { FingerprintIndex, type SharedIndex } from './fingerprintIndex.ts';
import { fingerprintBlockBytes, fingerprintBytes, slots } from './format.ts';
import { secretOf, type FrameTable } from './frameTable.ts';
import { inPack, readExactly } from './packFile.ts';
import { changed, digest16, open, seal } from './sealing.ts';

const printBytes = slots * fingerprintBytes;

/** The fingerprints of one frame as they lie in a pack: sealed by the frame's key, or followed by a digest. */
export function fingerprintBlock(prints: Uint8Array, sealed: boolean, secret: Uint8Array, place: BlockPlace): Buffer {
  return sealed ? seal(secret, 1, prints) : Buffer.concat([prints, plainCheck(prints, place)]);
}

export interface BlockPlace {
  readonly packId: string;
  readonly number: number;
}

/** Fills the index with the pages of the parent's frames. @throws StasisError IntegrityMismatch, ImageIncomplete */
export function loadFingerprints(shared: SharedIndex, table: FrameTable, pathOf: (packId: string) => string): void {
  const index = new FingerprintIndex(shared);
  for (let first = 0; first < table.count;) {
    let end = first;
    while (end < table.count && table.pack[end] === table.pack[first]) end++;
    const pack = table.packs[table.pack[first]!]!;
    const blocks = inPack(pack.id, () => readBlocks(pathOf(pack.id), pack.fingerprintsAt, table.number[end - 1]! + 1));
    for (let frame = first; frame < end; frame++) {
      const place = { packId: pack.id, number: table.number[frame]! };
      const block = blocks.subarray(place.number * fingerprintBlockBytes, (place.number + 1) * fingerprintBlockBytes);
      const prints = inPack(pack.id, () => openBlock(block, table.sealed, secretOf(table, frame), place));
      for (let slot = 0; slot < slots; slot++) {
        const print = prints.subarray(slot * 4, slot * 4 + 4);
        // A frame that was not filled ends with zeros.
        if ((print[0]! | print[1]! | print[2]! | print[3]!) !== 0) index.findOrAdd(print, frame * slots + slot);
      }
    }
    first = end;
  }
}

function openBlock(block: Buffer, sealed: boolean, secret: Uint8Array, place: BlockPlace): Int32Array {
  const prints = sealed ? open(secret, 1, block) : block.subarray(0, printBytes);
  if (!sealed && !plainCheck(prints, place).equals(block.subarray(printBytes))) throw changed();
  const aligned = new Int32Array(slots * 4);
  Buffer.from(aligned.buffer).set(prints);
  return aligned;
}

function plainCheck(prints: Uint8Array, { packId, number }: BlockPlace): Buffer {
  const bytes = Buffer.alloc(20);
  bytes.write(packId, 'hex');
  bytes.writeUInt32LE(number, 16);
  return digest16(Buffer.concat([bytes, prints]));
}

function readBlocks(path: string, at: number, count: number): Buffer {
  const fd = openSync(path, 'r');
  try {
    return readExactly(fd, at, count * fingerprintBlockBytes);
  } finally {
    closeSync(fd);
  }
}
