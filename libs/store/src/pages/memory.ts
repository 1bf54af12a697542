/**
 * Gives the memory of bytes that nobody looks at any more back at once. The garbage collector of a thread does not see
 * how much lies behind a few buffers and comes only after some 64 MiB of them, in each thread. Small ones, which may
 * share their memory, are left to it.
 */
export function release(bytes: Uint8Array): void {
  if (ownsMemory(bytes)) bytes.buffer.transfer(0);
}

/** The memory of these bytes when it may move to another thread with them. */
export const movable = (bytes: Uint8Array): ArrayBuffer[] => (ownsMemory(bytes) ? [bytes.buffer] : []);

const ownsMemory = (bytes: Uint8Array): bytes is Uint8Array<ArrayBuffer> =>
  bytes.buffer instanceof ArrayBuffer && bytes.buffer.byteLength > Buffer.poolSize;

/** Parts one after another, in memory of their own; that of the parts is given back. */
export function joined(...parts: readonly Uint8Array[]): Buffer<ArrayBuffer> {
  const bytes = Buffer.allocUnsafeSlow(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
    release(part);
  }
  return bytes;
}
