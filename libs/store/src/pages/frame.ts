import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { StasisError } from '@stasis/errors';
import { codec, frameBytes } from './format.ts';
import { changed, digest16, newKey, open, seal } from './sealing.ts';

/** A frame as it goes into a pack, and what the image must know to read it. */
export interface SealedFrame {
  readonly stored: Uint8Array;
  readonly secret: Uint8Array;
}

export const level = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };

/** Compresses what is worth it. The first byte of a payload names the codec. */
export function pack(plain: Uint8Array): Buffer {
  const small = zstdCompressSync(plain, level);
  return small.length < plain.length
    ? Buffer.concat([Uint8Array.of(codec.zstd), small])
    : Buffer.concat([Uint8Array.of(codec.raw), plain]);
}

/** A payload that is not a patch. @throws StasisError IntegrityMismatch, NotSupported for a codec of a later version */
export function unpack(payload: Buffer): Buffer {
  const data = payload.subarray(1);
  if (payload[0] === codec.raw) return data;
  if (payload[0] === codec.zstd) return inflate(data);
  throw new StasisError('NotSupported', `it is kept with codec ${payload[0]}, which this version does not know`);
}

export function inflate(data: Uint8Array): Buffer {
  try {
    return zstdDecompressSync(data, { maxOutputLength: frameBytes });
  } catch (error) {
    throw changed(error);
  }
}

export function sealFrame(payload: Uint8Array, sealed: boolean): SealedFrame {
  if (!sealed) return { stored: payload, secret: digest16(payload) };
  const secret = newKey();
  return { stored: seal(secret, 0, payload), secret };
}

/** @throws StasisError IntegrityMismatch */
export function openFrame(stored: Buffer, secret: Uint8Array, sealed: boolean): Buffer {
  if (sealed) return open(secret, 0, stored);
  if (!digest16(stored).equals(secret)) throw changed();
  return stored;
}
