import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { StasisError } from '@stasis/errors';
import { joined, release } from './memory.ts';
import { codec, frameBytes } from './format.ts';
import { changed, digest16, newKey, open, seal } from './sealing.ts';

/** A frame as it goes into a pack, and what the image must know to read it. */
export interface SealedFrame {
  readonly stored: Uint8Array;
  readonly secret: Uint8Array;
}

/** Room for what comes out in one piece, so that nothing is put together from smaller ones. */
const chunkSize = frameBytes + 1024;
export const level = { chunkSize, params: { [constants.ZSTD_c_compressionLevel]: 1 } };

/** Compresses what is worth it. The first byte of a payload names the codec. */
export function pack(plain: Uint8Array): Buffer {
  const small = zstdCompressSync(plain, level);
  if (small.length < plain.length) return joined(Uint8Array.of(codec.zstd), small);
  release(small);
  const whole = Buffer.allocUnsafeSlow(1 + plain.length);
  whole[0] = codec.raw;
  whole.set(plain, 1);
  return whole;
}

/** The data of a payload that is not a patch, whose memory it may take over. @throws StasisError IntegrityMismatch, NotSupported for a codec of a later version */
export function unpack(payload: Buffer): Buffer {
  const data = payload.subarray(1);
  if (payload[0] === codec.raw) return data;
  if (payload[0] === codec.zstd) {
    const plain = inflate(data);
    release(payload);
    return plain;
  }
  throw new StasisError('NotSupported', `it is kept with codec ${payload[0]}, which this version does not know`);
}

export function inflate(data: Uint8Array): Buffer {
  try {
    return zstdDecompressSync(data, { chunkSize, maxOutputLength: frameBytes });
  } catch (error) {
    throw changed(error);
  }
}

/** Takes the payload's memory over. */
export function sealFrame(payload: Uint8Array, sealed: boolean): SealedFrame {
  if (!sealed) return { stored: payload, secret: digest16(payload) };
  const secret = newKey();
  const stored = seal(secret, 0, payload);
  release(payload);
  return { stored, secret };
}

/** Takes the memory of `stored` over. @throws StasisError IntegrityMismatch */
export function openFrame(stored: Buffer, secret: Uint8Array, sealed: boolean): Buffer {
  if (sealed) {
    const payload = open(secret, 0, stored);
    release(stored);
    return payload;
  }
  if (!digest16(stored).equals(secret)) throw changed();
  return stored;
}
