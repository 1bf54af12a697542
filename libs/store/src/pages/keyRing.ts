import { hash, hkdfSync, randomBytes } from 'node:crypto';
import { StasisError } from '@stasis/errors';
import { keyBytes, open, seal, tagBytes } from './sealing.ts';

const saltBytes = 32;
const keyIdBytes = 8;
/** Key id, salt, sealed key. */
export const wrappedBytes = keyIdBytes + saltBytes + keyBytes + tagBytes;

/** Key-encryption keys: the first wraps, all of them unwrap, so that a rotation needs no moment without readers. */
export type KeyRing = readonly [Uint8Array, ...Uint8Array[]];

/** How a key is recorded beside what it wraps: the first 8 bytes of SHA-256 over a name and the key. */
export const keyIdOf = (key: Uint8Array): Buffer =>
  hash('sha256', Buffer.concat([Buffer.from('stasis store key id\n'), key]), 'buffer').subarray(0, keyIdBytes);

/** Each wrapping has a key of its own, derived with a random salt, so that one key-encryption key can wrap any number. */
export function wrapKey([key]: KeyRing, imageKey: Uint8Array, aad: Uint8Array): Buffer {
  const salt = randomBytes(saltBytes);
  return Buffer.concat([keyIdOf(key), salt, seal(derive(key, salt), 0, imageKey, aad)]);
}

/** @throws StasisError ConfigInvalid when no key of the ring is the one that wrapped it; IntegrityMismatch */
export function unwrapKey(ring: KeyRing, wrapped: Buffer, aad: Uint8Array): Buffer {
  const id = wrapped.subarray(0, keyIdBytes);
  const key = ring.find((one) => keyIdOf(one).equals(id));
  if (key === undefined)
    throw new StasisError('ConfigInvalid', `it is encrypted under the store key ${id.toString('hex')}, not this one`, {
      details: [{ field: 'STASIS_STORE_KEY', message: `does not hold the key ${id.toString('hex')}` }],
      next: 'Set STASIS_STORE_KEY to the key file with which it was stored.',
    });
  const salt = wrapped.subarray(keyIdBytes, keyIdBytes + saltBytes);
  return open(derive(key, salt), 0, wrapped.subarray(keyIdBytes + saltBytes), aad);
}

const derive = (key: Uint8Array, salt: Uint8Array): Uint8Array =>
  new Uint8Array(hkdfSync('sha256', key, salt, 'stasis image key', keyBytes));
