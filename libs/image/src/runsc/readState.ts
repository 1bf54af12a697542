import type { ByteStream } from './byteStream.ts';
import { committedBytes } from './memoryFile.ts';
import { NotWire, wireTypeNumber, wireTypeType } from './wire.ts';

/**
 * The layout of the state that runsc writes (gVisor pkg/sentry/kernel/kernel.go SaveTo, pkg/sentry/pgalloc SaveTo).
 * Objects = a section head with the number of objects, then types and (number, object) pairs; raw = a head with the
 * number of bytes, then those.
 *
 *   checkpoint.img: objects (CPU features) · objects (kernel) · memory, unless pages.img holds it
 *   memory, 2026: 8 bytes length, little endian · protobuf (memoryFile.ts) · raw per committed range
 *                 · objects (owners of private memory files) · per owner again length · protobuf · raw
 *   memory, 2022: objects (size) · objects (usage) · raw per committed range
 *   pages_meta.img, 2026: as memory, with every raw in pages.img instead
 */

/** Reads one whole objects section. Returns the length of the last slice that stood in it. */
export async function readObjects(stream: ByteStream): Promise<number> {
  const head = await stream.take((cursor) => cursor.sectionHead());
  if (!head.objects) throw new NotWire(`raw bytes where objects are expected, before byte ${stream.position}`);
  let sliceLength = 0;
  for (let left = head.length; left > 0;) {
    const kind = await stream.take((cursor) => cursor.object());
    if (kind === wireTypeType) continue;
    if (kind !== wireTypeNumber) throw new NotWire(`an object of type ${kind} where its number is expected`);
    sliceLength = await stream.take((cursor) => {
      cursor.sliceLength = 0;
      cursor.object();
      return Math.max(sliceLength, cursor.sliceLength);
    });
    left--;
  }
  return sliceLength;
}

/** Reads raw sections until `expected` bytes were in them. */
async function readRaw(stream: ByteStream, expected: number): Promise<void> {
  for (let left = expected; left > 0;) {
    const head = await stream.take((cursor) => cursor.sectionHead());
    if (head.objects || head.length === 0 || head.length > left)
      throw new NotWire(`the pages do not fit their metadata, before byte ${stream.position}`);
    await stream.skip(head.length);
    left -= head.length;
  }
}

/** Memory as written since the metadata are protobuf. Returns how many bytes of pages it has, in it or beside it. */
export async function readMemory(stream: ByteStream, pages: 'inline' | 'beside'): Promise<number> {
  let total = await readMemoryFile(stream, pages);
  const owners = await readObjects(stream);
  for (let left = owners; left > 0; left--) total += await readMemoryFile(stream, pages);
  return total;
}

async function readMemoryFile(stream: ByteStream, pages: 'inline' | 'beside'): Promise<number> {
  const head = await stream.bytes(8);
  const length = Number(new DataView(head.buffer, head.byteOffset, 8).getBigUint64(0, true));
  if (length > maxMetadataBytes) throw new NotWire(`memory file metadata of ${length} bytes`);
  const total = committedBytes(await stream.bytes(length));
  if (pages === 'inline') await readRaw(stream, total);
  return total;
}

const maxMetadataBytes = 1 << 30;

/**
 * Memory as written before the metadata were protobuf: sections until the end of the stream, objects first. How many
 * bytes of pages there must be is not told in a form that is read here.
 */
export async function readSections(stream: ByteStream): Promise<number> {
  let total = 0;
  while (!(await stream.atEnd())) {
    const head = await stream.peek(10);
    if (beginsObjects(head)) {
      await readObjects(stream);
      continue;
    }
    const { length } = await stream.take((cursor) => cursor.sectionHead());
    if (length === 0 || length % 4096 !== 0)
      throw new NotWire(`${length} bytes of pages before byte ${stream.position}`);
    await stream.skip(length);
    total += length;
  }
  return total;
}

/** The ten bytes of a head whose 64th bit is set; neither a raw section's head nor a plain length looks like that. */
export const beginsObjects = (head: Uint8Array): boolean =>
  head.length === 10 && head.subarray(0, 9).every((byte) => byte >= 0x80) && head[9] === 1;
