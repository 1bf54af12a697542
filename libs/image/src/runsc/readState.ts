import type { ByteStream } from './byteStream.ts';
import { committedBytes as committedInProtobuf } from './memoryFile.ts';
import { committedBytes, ownerCount, rootType, type Section } from './memorySets.ts';
import { NotWire, wireType, type WireType, type WireValue } from './wire.ts';

/**
 * The layout of the state that runsc writes (gVisor pkg/sentry/kernel/kernel.go SaveTo, pkg/sentry/pgalloc SaveTo).
 * Objects = a section head with the number of objects, then types and (number, object) pairs; raw = a head with the
 * number of bytes, then those.
 *
 *   checkpoint.img: objects (CPU features) · objects (kernel) · memory, unless pages.img holds it
 *   memory, 2026: 8 bytes length, little endian · protobuf (memoryFile.ts) · raw per committed range
 *                 · objects (owners of private memory files) · per owner again length · protobuf · raw
 *   memory, 2024: several objects, among them the set of ranges (memorySets.ts) · raw per committed range
 *                 · objects (owners) · per owner again all of that
 *   memory, 2022: objects (size) · objects (set of ranges) · raw per committed range
 *   pages_meta.img: as memory, with the bytes of every raw in pages.img instead; in 2024 their heads stay
 */

/** Passes over one whole objects section, or builds it. */
export async function readObjects(stream: ByteStream, keep = false): Promise<Section> {
  const head = await stream.take((cursor) => cursor.sectionHead());
  if (!head.objects) throw new NotWire(`raw bytes where objects are expected, before byte ${stream.position}`);
  const types: WireType[] = [];
  const objects = new Map<number, WireValue>();
  const next = () =>
    stream.take((cursor) => {
      cursor.keep = keep;
      return cursor.object();
    });
  for (let left = head.length; left > 0;) {
    const { kind, value: id } = await next();
    if (kind === wireType.type) {
      if (keep) types.push(id as WireType);
      continue;
    }
    if (kind !== wireType.uint) throw new NotWire(`an object of type ${kind} where its number is expected`);
    const { value } = await next();
    if (keep) objects.set(id as number, value);
    left--;
  }
  return { types, objects };
}

export interface Memory {
  /** Bytes of pages that there must be; undefined when the metadata are of a kind that is not known here. */
  readonly expected: number | undefined;
  /** Bytes of pages that stood in this stream. */
  readonly inline: number;
}

/** Memory to the end of the stream, of any build. */
export async function readMemory(stream: ByteStream, pages: 'inline' | 'beside'): Promise<Memory> {
  if (beginsObjects(await stream.peek(10))) return readMemorySections(stream, pages);
  const first = await readMemoryFile(stream, pages);
  const owners = ownerCount(await readObjects(stream, true));
  let expected = first;
  for (let left = owners; left > 0; left--) expected += await readMemoryFile(stream, pages);
  return { expected, inline: pages === 'inline' ? expected : 0 };
}

async function readMemoryFile(stream: ByteStream, pages: 'inline' | 'beside'): Promise<number> {
  const head = await stream.bytes(8);
  const length = Number(new DataView(head.buffer, head.byteOffset, 8).getBigUint64(0, true));
  if (length > maxMetadataBytes) throw new NotWire(`memory file metadata of ${length} bytes`);
  const total = committedInProtobuf(await stream.bytes(length));
  if (pages === 'beside') return total;
  for (let left = total; left > 0;) {
    const head = await stream.take((cursor) => cursor.sectionHead());
    if (head.objects || head.length === 0 || head.length > left)
      throw new NotWire(`the pages do not fit their metadata, before byte ${stream.position}`);
    await stream.skip(head.length);
    left -= head.length;
  }
  return total;
}

const maxMetadataBytes = 1 << 30;

/** Memory as written before the metadata were protobuf: sections until the end of the stream. */
async function readMemorySections(stream: ByteStream, pages: 'inline' | 'beside'): Promise<Memory> {
  let expected = 0;
  let written = 0;
  let sets = 0;
  let files = 1;
  while (!(await stream.atEnd())) {
    if (beginsObjects(await stream.peek(10))) {
      const section = await readObjects(stream, true);
      if (rootType(section) === 'privateMemoryFileMetadata') files += ownerCount(section);
      const committed = committedBytes(section);
      if (committed === undefined) continue;
      sets++;
      expected += committed;
      continue;
    }
    const { length } = await stream.take((cursor) => cursor.sectionHead());
    if (length === 0 || length % 4096 !== 0)
      throw new NotWire(`${length} bytes of pages before byte ${stream.position}`);
    if (pages === 'inline') await stream.skip(length);
    written += length;
  }
  const inline = pages === 'inline' ? written : 0;
  if (sets === 0) return { expected: undefined, inline };
  if (sets !== files) throw new NotWire(`${sets} memory files where ${files} are announced`);
  return { expected, inline };
}

/** The ten bytes of a head whose 64th bit is set; neither a raw section's head nor a plain length looks like that. */
const beginsObjects = (head: Uint8Array): boolean =>
  head.length === 10 && head.subarray(0, 9).every((byte) => byte >= 0x80) && head[9] === 1;
