import { NeedMore } from './wire.ts';

/**
 * The state inside an uncompressed checkpoint.img of builds of 2024: per write 4 bytes length, big endian, and that many
 * bytes, to the end of the file. (gVisor pkg/compressio/nocompressio.go; later builds write the state as it is.)
 */
export async function* unframeState(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  let head = 0;
  let headBytes = 0;
  let left = 0;
  for await (const piece of pieces) {
    // Frames are as short as one byte, so what one piece holds is put together before it is handed on.
    const out = Buffer.allocUnsafe(piece.length);
    let filled = 0;
    for (let at = 0; at < piece.length;) {
      if (left > 0) {
        const end = Math.min(piece.length, at + left);
        out.set(piece.subarray(at, end), filled);
        filled += end - at;
        left -= end - at;
        at = end;
        continue;
      }
      head = head * 256 + (piece[at++] ?? 0);
      if (++headBytes < 4) continue;
      left = head;
      head = headBytes = 0;
    }
    yield out.subarray(0, filled);
  }
  if (left > 0 || headBytes > 0) throw new NeedMore();
}
