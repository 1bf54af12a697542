import { ed25519 } from '@noble/curves/ed25519.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { StasisError } from '@stasis/errors';
import { concat, equalBytes, fromBase64, toBase64, toHex } from './bytes.ts';

/**
 * C2SP signed notes (c2sp.org/signed-note) with Ed25519: a text that ends in a newline, an empty line, and signature lines
 * `— <key name> <base64(4 bytes of key hash ‖ signature)>`.
 * The key hash is the first 4 bytes of SHA-256(name ‖ 0x0A ‖ 0x01 ‖ public key); a verifier key is
 * `<name>+<hex key hash>+<base64(0x01 ‖ public key)>`.
 */
const algorithmEd25519 = 0x01;
const keyHashLength = 4;
const encoder = new TextEncoder();

export interface NoteSigner {
  readonly name: string;
  /** Ed25519 seed, 32 bytes. */
  readonly privateKey: Uint8Array;
}

export interface NoteVerifier {
  readonly name: string;
  readonly keyHash: Uint8Array;
  readonly publicKey: Uint8Array;
}

/** A new Ed25519 seed from the system's random source. */
export const newPrivateKey = (): Uint8Array => ed25519.utils.randomSecretKey();

/** @throws StasisError BadRequest for a name that is empty or holds a space or a plus. */
export function verifierOf({ name, privateKey }: NoteSigner): NoteVerifier {
  if (!isKeyName(name)) throw new StasisError('BadRequest', `"${name}" is not a key name (no space, no plus)`);
  const publicKey = ed25519.getPublicKey(privateKey);
  return { name, publicKey, keyHash: keyHashOf(name, algorithmEd25519, publicKey) };
}

/** The C2SP text by which outsiders verify what `signer` signs. */
export function verifierKey(signer: NoteSigner): string {
  const { name, publicKey } = verifierOf(signer);
  return formatVerifierKey(name, algorithmEd25519, publicKey);
}

/** `<name>+<hex key hash>`: tells keys apart without holding one. */
export const keyIdOf = ({ name, keyHash }: Pick<NoteVerifier, 'name' | 'keyHash'>): string =>
  `${name}+${toHex(keyHash)}`;

/** @throws StasisError BadRequest for a name with a space or a plus. */
export function formatVerifierKey(name: string, algorithm: number, publicKey: Uint8Array): string {
  if (!isKeyName(name)) throw new StasisError('BadRequest', `"${name}" is not a key name (no space, no plus)`);
  const keyHash = keyHashOf(name, algorithm, publicKey);
  return `${keyIdOf({ name, keyHash })}+${toBase64(concat(Uint8Array.of(algorithm), publicKey))}`;
}

/** @throws StasisError BadRequest for anything that is not an Ed25519 verifier key with the right key hash. */
export const parseVerifierKey = (text: string): NoteVerifier => parseTypedKey(text, algorithmEd25519, 'Ed25519');

/** @throws StasisError BadRequest for anything that is not a verifier key of that algorithm with the right key hash. */
export function parseTypedKey(text: string, algorithm: number, kind: string): NoteVerifier {
  const [, name, hash, base64] = /^([^+]*)\+([0-9a-f]{8})\+(.*)$/.exec(text.trim()) ?? [];
  const key = base64 === undefined ? undefined : fromBase64(base64);
  if (name === undefined || !isKeyName(name) || key?.length !== 33 || key[0] !== algorithm)
    throw new StasisError('BadRequest', `the text is not an ${kind} verifier key <name>+<hash>+<key>`);
  const publicKey = key.slice(1);
  const keyHash = keyHashOf(name, algorithm, publicKey);
  if (toHex(keyHash) !== hash)
    throw new StasisError('BadRequest', `the verifier key of "${name}" has a wrong key hash`);
  return { name, publicKey, keyHash };
}

/** @throws StasisError BadRequest for a text without final newline or with control characters. */
export function signNote(text: string, signer: NoteSigner): string {
  if (!isNoteText(text))
    throw new StasisError('BadRequest', 'the text of a note ends in a newline and has no control character');
  const { name, keyHash } = verifierOf(signer);
  const signature = ed25519.sign(encoder.encode(text), signer.privateKey);
  return `${text}\n— ${name} ${toBase64(concat(keyHash, signature))}\n`;
}

/**
 * Checks the signatures of the given verifiers and returns the text. Signatures of unknown keys are ignored, as the
 * format asks for.
 * @throws StasisError IntegrityMismatch when the note is malformed, a known key's signature is wrong, or none is known.
 */
export function openNote(note: string, verifiers: readonly NoteVerifier[]): { text: string; signedBy: string[] } {
  const { text, lines } = splitNote(note);
  const signedBy: string[] = [];
  for (const { name, hash, signature } of lines) {
    const verifier = verifiers.find((known) => known.name === name && equalBytes(known.keyHash, hash));
    if (verifier === undefined) continue;
    if (!isSignature(signature, text, verifier)) throw broken(`the signature of ${name} is wrong`);
    signedBy.push(name);
  }
  if (signedBy.length === 0) throw broken('no given key signed it');
  return { text, signedBy };
}

export interface SignatureLine {
  readonly name: string;
  readonly hash: Uint8Array;
  readonly signature: Uint8Array;
}

/** A note in its parts; nothing is verified. @throws StasisError IntegrityMismatch when it is malformed. */
export function splitNote(note: string): { text: string; lines: SignatureLine[] } {
  const end = note.lastIndexOf('\n\n');
  const text = note.slice(0, end + 1);
  const lines = note.slice(end + 2).split('\n');
  if (end < 0 || lines.pop() !== '' || lines.length === 0 || !isNoteText(text)) throw broken('it is not a signed note');
  return { text, lines: lines.map(readLine) };
}

function readLine(line: string): SignatureLine {
  const [, name, base64] = /^— ([^\s+]+) (\S+)$/.exec(line) ?? [];
  const bytes = base64 === undefined ? undefined : fromBase64(base64);
  if (name === undefined || bytes === undefined || bytes.length <= keyHashLength)
    throw broken('a signature line is malformed');
  return { name, hash: bytes.slice(0, keyHashLength), signature: bytes.slice(keyHashLength) };
}

const broken = (why: string): StasisError => new StasisError('IntegrityMismatch', `the note cannot be trusted: ${why}`);

const isSignature = (signature: Uint8Array, text: string, { publicKey }: NoteVerifier): boolean =>
  signature.length === 64 && ed25519.verify(signature, encoder.encode(text), publicKey);

/** Signed-note, "Signatures": the first 4 bytes of SHA-256(name ‖ 0x0A ‖ algorithm ‖ public key). */
export const keyHashOf = (name: string, algorithm: number, publicKey: Uint8Array): Uint8Array =>
  sha256(concat(encoder.encode(name), Uint8Array.of(0x0a, algorithm), publicKey)).slice(0, keyHashLength);

export const isKeyName = (name: string): boolean => name.length > 0 && !/[\s+]/u.test(name);

const isNoteText = (text: string): boolean =>
  text.endsWith('\n') && text.isWellFormed() && !Array.from(text).some((c) => c < ' ' && c !== '\n');
