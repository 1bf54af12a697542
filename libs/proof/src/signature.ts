import { ed25519 } from '@noble/curves/ed25519.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { StasisError } from '@stasis/errors';
import { concat, fromBase64, toBase64, toHex } from './bytes.ts';

/**
 * Ed25519 (RFC 8032) over bytes that the caller has separated by domain. The work is WebCrypto's, which browsers and Node
 * have and which keeps it off the main thread; a signature of the same key over the same bytes is always the same.
 */
export interface PublicKey {
  /** First 16 bytes of SHA-256(public key), as 32 hex digits. */
  readonly keyId: string;
  /** Base64 of the 32 bytes. */
  readonly publicKey: string;
}

export interface SigningKey extends PublicKey {
  /** 32 bytes. */
  readonly seed: Uint8Array;
  /** Resolves with the signature, base64 of 64 bytes. */
  sign(bytes: Uint8Array): Promise<string>;
}

const seedLength = 32;
const keyIdLength = 16;
/** RFC 8410: PrivateKeyInfo of an Ed25519 seed up to the seed itself. */
const pkcs8Prefix = Uint8Array.of(48, 46, 2, 1, 0, 48, 5, 6, 3, 43, 101, 112, 4, 34, 4, 32);

/** @throws StasisError BadRequest unless the text is base64 of 32 bytes */
export function publicKeyOf(publicKey: string): PublicKey {
  const bytes = fromBase64(publicKey);
  if (bytes?.length !== seedLength) throw new StasisError('BadRequest', 'a public key is base64 of 32 bytes');
  return { keyId: toHex(sha256(bytes).slice(0, keyIdLength)), publicKey };
}

/** @throws StasisError BadRequest for a seed that is not 32 bytes */
export async function signingKeyOf(seed: Uint8Array): Promise<SigningKey> {
  if (seed.length !== seedLength) throw new StasisError('BadRequest', 'an Ed25519 seed is 32 bytes');
  const key = await crypto.subtle.importKey('pkcs8', copy(concat(pkcs8Prefix, seed)), 'Ed25519', false, ['sign']);
  return {
    ...publicKeyOf(toBase64(ed25519.getPublicKey(seed))),
    seed,
    sign: async (bytes) => toBase64(new Uint8Array(await crypto.subtle.sign('Ed25519', key, copy(bytes)))),
  };
}

type ImportedKey = Awaited<ReturnType<typeof crypto.subtle.importKey>>;
const imported = new Map<string, Promise<ImportedKey>>();
const mostImported = 4096;

/** Whether `signature` (base64) is the key's over exactly these bytes. False for anything malformed. */
export async function isSignedBy(key: PublicKey, bytes: Uint8Array, signature: string): Promise<boolean> {
  const given = fromBase64(signature);
  if (given?.length !== 64) return false;
  return crypto.subtle.verify('Ed25519', await importPublic(key.publicKey), copy(given), copy(bytes));
}

function importPublic(publicKey: string): Promise<ImportedKey> {
  const known = imported.get(publicKey);
  if (known !== undefined) return known;
  if (imported.size >= mostImported) imported.clear();
  const made = crypto.subtle.importKey('raw', copy(fromBase64(publicKey) ?? new Uint8Array()), 'Ed25519', false, [
    'verify',
  ]);
  imported.set(publicKey, made);
  return made;
}

/** WebCrypto takes no view of shared memory; the types cannot know that ours never are. */
const copy = (bytes: Uint8Array): Uint8Array<ArrayBuffer> => new Uint8Array(bytes);
