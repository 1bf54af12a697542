import { ed25519 } from '@noble/curves/ed25519.js';
import { StasisError } from '@stasis/errors';
import { concat, equalBytes, toBase64 } from './bytes.ts';
import { formatVerifierKey, keyHashOf, isKeyName, type NoteSigner, parseTypedKey, splitNote } from './signedNote.ts';

/**
 * What a witness says of a tree head (c2sp.org/tlog-cosignature, "Format" and "Ed25519 signed message"): a signature line
 * of the same note whose bytes are the key hash, a 64 bit big-endian POSIX time and an Ed25519 signature over
 * `cosignature/v1\ntime <decimal>\n` followed by the note's text. Its verifier key has the type 0x04.
 */
const algorithmCosignature = 0x04;
const timestampLength = 8;
const encoder = new TextEncoder();

/** A witness, by its verifier key. Not a `NoteVerifier`: no key of a witness may pass for the key of a log. */
export interface Witness {
  readonly witness: string;
  readonly keyHash: Uint8Array;
  readonly publicKey: Uint8Array;
}

export interface Cosignature {
  readonly witness: string;
  /** Seconds since 1970. */
  readonly time: number;
}

/** The text by which others know this witness. @throws StasisError BadRequest for a name with a space or a plus. */
export const witnessKey = ({ name, privateKey }: NoteSigner): string =>
  formatVerifierKey(name, algorithmCosignature, ed25519.getPublicKey(privateKey));

/** @throws StasisError BadRequest for anything that is not the Ed25519 key of a witness with the right key hash. */
export function parseWitnessKey(text: string): Witness {
  const { name, publicKey, keyHash } = parseTypedKey(text, algorithmCosignature, "witness's Ed25519");
  return { witness: name, publicKey, keyHash };
}

/**
 * The signature line with which a witness says that `note`'s tree is the newest consistent one that it saw.
 * @param time seconds since 1970.
 * @throws StasisError ProofInvalid when the note has no text to sign; BadRequest for a time that is none.
 */
export function cosign(note: string, { name, privateKey }: NoteSigner, time: number): string {
  if (!Number.isSafeInteger(time) || time < 0 || !isKeyName(name))
    throw new StasisError('BadRequest', `"${name}" at ${time} cannot cosign: a name and whole seconds are needed`);
  const { text } = splitNote(note);
  const hash = keyHashOf(name, algorithmCosignature, ed25519.getPublicKey(privateKey));
  const signature = ed25519.sign(messageOf(text, time), privateKey);
  return `— ${name} ${toBase64(concat(hash, bytesOf(time), signature))}\n`;
}

/**
 * The cosignatures of the given witnesses on a note, each checked; lines of others are left alone. The note's own
 * signature is not looked at.
 * @throws StasisError IntegrityMismatch when the note is malformed or a known witness's line is wrong.
 */
export function openCosignatures(note: string, witnesses: readonly Witness[]): Cosignature[] {
  const { text, lines } = splitNote(note);
  return lines.flatMap(({ name, hash, signature }) => {
    const known = witnesses.find((one) => one.witness === name && equalBytes(one.keyHash, hash));
    if (known === undefined) return [];
    const time = timeOf(signature);
    if (time === undefined || !ed25519.verify(signature.slice(timestampLength), messageOf(text, time), known.publicKey))
      throw new StasisError('IntegrityMismatch', `the cosignature of ${name} is wrong`);
    return [{ witness: name, time }];
  });
}

const messageOf = (text: string, time: number): Uint8Array => encoder.encode(`cosignature/v1\ntime ${time}\n${text}`);

function bytesOf(time: number): Uint8Array {
  const bytes = new Uint8Array(timestampLength);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(time));
  return bytes;
}

function timeOf(signature: Uint8Array): number | undefined {
  if (signature.length !== timestampLength + 64) return undefined;
  const time = Number(new DataView(signature.buffer, signature.byteOffset).getBigUint64(0));
  return Number.isSafeInteger(time) ? time : undefined;
}
