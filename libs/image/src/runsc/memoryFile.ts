import { NotWire, WireCursor } from './wire.ts';

/**
 * How many bytes of pages one memory file has in the image, from its metadata: protobuf MemoryFileMetadataProto of
 * gVisor's pkg/sentry/pgalloc (save_restore.go, exportMetadataProto; builds of 2026). Field 1 is the version, 1. Field 3
 * repeats MemAcctRangeProto {1 start, 2 end, 3 kind, 4 mem_cg_id, 5 known_committed}; SaveTo writes exactly the ranges
 * that are known committed, in this order.
 * @throws NotWire when it is something else
 */
export function committedBytes(metadata: Uint8Array): number {
  let version = 0;
  let total = 0;
  forEachField(metadata, (field, value) => {
    if (field === 1 && typeof value === 'number') version = value;
    if (field === 3 && typeof value !== 'number') total += rangeBytes(value);
  });
  if (version !== 1) throw new NotWire(`memory file metadata of version ${version}`);
  return total;
}

function rangeBytes(message: Uint8Array): number {
  let start = 0;
  let end = 0;
  let committed = 0;
  forEachField(message, (field, value) => {
    if (typeof value !== 'number') return;
    if (field === 1) start = value;
    else if (field === 2) end = value;
    else if (field === 5) committed = value;
  });
  if (committed === 0) return 0;
  if (end <= start || (end - start) % 4096 !== 0) throw new NotWire(`a range of pages from ${start} to ${end}`);
  return end - start;
}

/** Protobuf wire types 0 (varint) and 2 (length-delimited), the only ones in these messages. */
function forEachField(message: Uint8Array, visit: (field: number, value: number | Uint8Array) => void): void {
  const cursor = new WireCursor(message);
  while (cursor.at < message.length) {
    const tag = cursor.uint();
    const field = Math.floor(tag / 8);
    if (tag % 8 === 0) visit(field, cursor.uint());
    else if (tag % 8 === 2) {
      const length = cursor.uint();
      const begin = cursor.at;
      cursor.skip(length);
      visit(field, message.subarray(begin, begin + length));
    } else throw new NotWire(`protobuf wire type ${tag % 8}`);
  }
}
