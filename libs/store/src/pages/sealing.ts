import { createCipheriv, createDecipheriv, hash, randomBytes } from 'node:crypto';
import { StasisError } from '@stasis/errors';
import { joined } from './memory.ts';

export const keyBytes = 32;
export const tagBytes = 16;
/** What a manifest holds of a frame: its key, or in a plain store the first 16 bytes of its SHA-256. */
export const secretBytes = (sealed: boolean): number => (sealed ? keyBytes : tagBytes);

/**
 * AES-256-GCM with the message's number under its key as the nonce. Every key is random and seals at most the messages
 * that its owner numbers (0 and 1 for a frame, 0 for an image), so no pair of key and nonce comes twice.
 */
export function seal(key: Uint8Array, message: number, plain: Uint8Array, aad?: Uint8Array): Buffer {
  const cipher = createCipheriv('aes-256-gcm', key, nonce(message));
  if (aad) cipher.setAAD(aad);
  const sealed = cipher.update(plain);
  cipher.final();
  return joined(sealed, cipher.getAuthTag());
}

/** @throws StasisError IntegrityMismatch */
export function open(key: Uint8Array, message: number, sealed: Uint8Array, aad?: Uint8Array): Buffer {
  if (sealed.length < tagBytes) throw changed();
  const decipher = createDecipheriv('aes-256-gcm', key, nonce(message), { authTagLength: tagBytes });
  if (aad) decipher.setAAD(aad);
  decipher.setAuthTag(sealed.subarray(sealed.length - tagBytes));
  const plain = decipher.update(sealed.subarray(0, sealed.length - tagBytes));
  try {
    decipher.final();
  } catch (error) {
    throw changed(error);
  }
  return plain;
}

export const newKey = (): Buffer => randomBytes(keyBytes);

/** First 16 bytes of the SHA-256: what stands for the tag where nothing is encrypted. */
export const digest16 = (bytes: Uint8Array): Buffer => hash('sha256', bytes, 'buffer').subarray(0, tagBytes);

export const changed = (cause?: unknown): StasisError =>
  new StasisError('IntegrityMismatch', 'its bytes are not those that were written', {
    ...(cause === undefined ? {} : { cause }),
    next: 'Use another checkpoint, or bring the store back from a copy.',
  });

const nonce = (message: number): Buffer => {
  const bytes = Buffer.alloc(12);
  bytes.writeUInt32LE(message);
  return bytes;
};
