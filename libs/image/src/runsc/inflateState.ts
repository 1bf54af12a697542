import { inflateRaw } from 'node:zlib';
import { NeedMore, NotWire } from './wire.ts';

/**
 * The state inside a compressed checkpoint.img. Format (gVisor pkg/compressio, without a key): 4 bytes chunk size, big
 * endian, then per chunk 4 bytes length and that many bytes of deflate, to the end of the file. runsc's own reader takes
 * a file that ends at or within a length for a whole one; here only the end between two chunks counts, and what the
 * chunks hold has to end properly as well.
 */
export async function* inflateState(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  const source = pieces[Symbol.asyncIterator]();
  let held: Uint8Array = new Uint8Array(0);
  /** Makes at least `length` bytes available; false at a clean end. */
  const need = async (length: number): Promise<boolean> => {
    const parts = [held];
    let size = held.length;
    while (size < length) {
      const next = await source.next();
      if (next.done) break;
      parts.push(Uint8Array.from(next.value));
      size += next.value.length;
    }
    held = parts.length === 1 ? held : Buffer.concat(parts);
    if (size === 0) return false;
    if (size < length) throw new NeedMore();
    return true;
  };
  if (!(await need(4))) throw new NeedMore();
  const chunkSize = uint32(held);
  if (chunkSize === 0 || chunkSize > maxChunkBytes) throw new NotWire(`chunks of ${chunkSize} bytes`);
  held = held.subarray(4);
  while (await need(4)) {
    const length = uint32(held);
    if (length > 2 * maxChunkBytes) throw new NotWire(`a compressed chunk of ${length} bytes`);
    await need(4 + length);
    const chunk = await inflate(held.subarray(4, 4 + length), chunkSize);
    held = held.subarray(4 + length);
    yield chunk;
  }
}

const maxChunkBytes = 64 << 20;

const uint32 = (bytes: Uint8Array): number => new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0);

const inflate = (bytes: Uint8Array, maxOutputLength: number): Promise<Uint8Array> =>
  new Promise((resolve, reject) => {
    inflateRaw(bytes, { maxOutputLength }, (error, result) => {
      if (error) reject(new NotWire(`a chunk does not inflate: ${error.message}`));
      else resolve(result);
    });
  });
