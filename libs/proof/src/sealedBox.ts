import { ed25519, x25519 } from '@noble/curves/ed25519.js';
import { hkdf } from '@noble/hashes/hkdf.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { utf8ToBytes } from '@noble/hashes/utils.js';
import { StasisError } from '@stasis/errors';
import { concat, fromBase64, toBase64 } from './bytes.ts';
import type { PublicKey } from './signature.ts';

/**
 * Bytes for the holder of an Ed25519 key alone: base64 of (ephemeral X25519 public key ‖ AES-256-GCM ciphertext and tag).
 * The recipient's key is turned into its Montgomery form (RFC 7748); the AES key is HKDF-SHA256 of the shared secret with
 * salt = ephemeral ‖ recipient and info = "stasis sealed box v1\n" ‖ context. Each box has a key of its own, so its nonce
 * is zero. `context` binds a box to its place: one that is moved elsewhere does not open.
 */
const ephemeralLength = 32;
const nonce = new Uint8Array(12);

export async function seal(recipient: PublicKey, plain: Uint8Array, context: string): Promise<string> {
  const to = ed25519.utils.toMontgomery(fromBase64(recipient.publicKey) ?? new Uint8Array());
  const secret = x25519.utils.randomSecretKey();
  const ephemeral = x25519.getPublicKey(secret);
  const key = await keyOf(x25519.getSharedSecret(secret, to), ephemeral, to, context, 'encrypt');
  const sealed = await crypto.subtle.encrypt({ name: 'AES-GCM', iv: nonce }, key, new Uint8Array(plain));
  return toBase64(concat(ephemeral, new Uint8Array(sealed)));
}

/** @throws StasisError IntegrityMismatch when the box is not for this key, not for this context, or was changed */
export async function open(seed: Uint8Array, box: string, context: string): Promise<Uint8Array> {
  const bytes = fromBase64(box) ?? new Uint8Array();
  const ephemeral = bytes.slice(0, ephemeralLength);
  try {
    const own = ed25519.utils.toMontgomerySecret(seed);
    const key = await keyOf(
      x25519.getSharedSecret(own, ephemeral),
      ephemeral,
      x25519.getPublicKey(own),
      context,
      'decrypt',
    );
    return new Uint8Array(
      await crypto.subtle.decrypt({ name: 'AES-GCM', iv: nonce }, key, new Uint8Array(bytes.slice(ephemeralLength))),
    );
  } catch (cause) {
    throw new StasisError('IntegrityMismatch', 'the sealed data does not open with the key of this node', { cause });
  }
}

const keyOf = (
  shared: Uint8Array,
  ephemeral: Uint8Array,
  recipient: Uint8Array,
  context: string,
  usage: 'encrypt' | 'decrypt',
): ReturnType<typeof crypto.subtle.importKey> => {
  const info = utf8ToBytes(`stasis sealed box v1\n${context}`);
  const key = hkdf(sha256, shared, concat(ephemeral, recipient), info, 32);
  return crypto.subtle.importKey('raw', new Uint8Array(key), 'AES-GCM', false, [usage]);
};
