import { StasisError } from '@stasis/errors';
import { fromBase64, toBase64 } from './bytes.ts';
import { hashLength, leafHash } from './hash.ts';
import { isTlogProof, parseTlogProof } from './tlogProof.ts';

export const proofFormat = 'stasis-proof/v1';

/** The file that proves one event to an outsider who has the verifier key; docs/formats/proof.md describes it. */
export interface ProofDocument {
  readonly format: typeof proofFormat;
  /** Which verifier key signed the tree head, as `<name>+<key hash>`; the key itself must come from elsewhere. */
  readonly keyId: string;
  /** The event to read; the leaf is what is proven. */
  readonly event: unknown;
  /** Free text of the event's reason and its salt, while they exist. */
  readonly text?: { readonly text: string; readonly salt: string };
  /** Base64 of the event's RFC 8785 bytes. */
  readonly leaf: string;
  /** Base64 of SHA-256(0x00 ‖ leaf). */
  readonly leafHash: string;
  readonly leafIndex: number;
  readonly treeSize: number;
  /** Base64, the audit path of RFC 6962. */
  readonly hashes: readonly string[];
  /** The signed note. */
  readonly treeHead: string;
}

/** What a proof file says, whichever of the two forms it has; nothing is checked yet. */
export interface ProofClaim {
  readonly leaf: Uint8Array;
  readonly leafIndex: number;
  readonly hashes: readonly Uint8Array[];
  readonly treeHead: string;
  /** Only what our own form says besides. */
  readonly keyId?: string;
  readonly event?: unknown;
  readonly text?: { readonly text: string; readonly salt: string };
  readonly leafHash?: Uint8Array;
  readonly treeSize?: number;
}

/** What `GET /v1/audit/proof` answers. */
export type ProofAnswer = Pick<ProofDocument, 'leaf' | 'leafIndex' | 'treeSize' | 'hashes' | 'treeHead'> &
  Partial<Pick<ProofDocument, 'text'>>;

const decoder = new TextDecoder('utf-8', { fatal: true });

/** Makes the file from the api's answer. @throws StasisError ProofInvalid when the leaf in it is no JSON. */
export function proofDocumentOf(answer: ProofAnswer, keyId: string): ProofDocument {
  const { leaf, leafIndex, treeSize, hashes, treeHead, text } = answer;
  const bytes = bytesOf(leaf, 'leaf');
  return {
    format: proofFormat,
    keyId,
    event: eventIn(bytes),
    ...(text !== undefined && { text: { text: text.text, salt: text.salt } }),
    leaf,
    leafHash: toBase64(leafHash(bytes)),
    leafIndex,
    treeSize,
    hashes,
    treeHead,
  };
}

/** The event that a leaf holds. @throws StasisError ProofInvalid when its bytes are not UTF-8 JSON. */
export function eventIn(leaf: Uint8Array): unknown {
  try {
    return JSON.parse(decoder.decode(leaf));
  } catch (error) {
    throw malformed('the leaf is not JSON', error);
  }
}

/**
 * Reads a proof file: our JSON form, or C2SP's `.tlog-proof` with the leaf as extra data.
 * @throws StasisError ProofInvalid naming what is missing or is not of its form.
 */
export function readProof(text: string): ProofClaim {
  if (!isTlogProof(text)) return readDocument(text);
  const { extra, index, hashes, treeHead } = parseTlogProof(text);
  if (extra === undefined) throw malformed('it does not carry the leaf (the line "extra" is missing)');
  return { leaf: extra, leafIndex: index, hashes, treeHead };
}

function readDocument(file: string): ProofClaim {
  const read = parsed(file);
  if (read['format'] !== proofFormat) throw malformed(`its format is not ${proofFormat}`);
  const { event, text } = read;
  const hashes = read['hashes'];
  if (!Array.isArray(hashes)) throw malformed('"hashes" is not a list');
  return {
    keyId: stringIn(read, 'keyId'),
    event,
    ...(text !== undefined && { text: textIn(text) }),
    leaf: bytesOf(stringIn(read, 'leaf'), 'leaf'),
    leafHash: hashOf(stringIn(read, 'leafHash'), 'leafHash'),
    leafIndex: countIn(read, 'leafIndex'),
    treeSize: countIn(read, 'treeSize'),
    hashes: hashes.map((hash, at) => hashOf(String(hash), `hashes/${at}`)),
    treeHead: stringIn(read, 'treeHead'),
  };
}

function parsed(file: string): Readonly<Record<string, unknown>> {
  try {
    const read: unknown = JSON.parse(file);
    if (typeof read === 'object' && read !== null) return read as Record<string, unknown>;
  } catch (error) {
    throw malformed('it is neither JSON nor a tlog-proof', error);
  }
  throw malformed('it is no JSON object');
}

function stringIn(read: Readonly<Record<string, unknown>>, name: string): string {
  const value = read[name];
  if (typeof value !== 'string') throw malformed(`"${name}" is missing or is no text`);
  return value;
}

function countIn(read: Readonly<Record<string, unknown>>, name: string): number {
  const value = read[name];
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0)
    throw malformed(`"${name}" is missing or is no count`);
  return value;
}

function textIn(value: unknown): { text: string; salt: string } {
  const read = Object(value) as Record<string, unknown>;
  return { text: stringIn(read, 'text'), salt: stringIn(read, 'salt') };
}

function bytesOf(text: string, name: string): Uint8Array {
  const bytes = fromBase64(text);
  if (bytes === undefined) throw malformed(`"${name}" is not base64`);
  return bytes;
}

function hashOf(text: string, name: string): Uint8Array {
  const bytes = bytesOf(text, name);
  if (bytes.length !== hashLength) throw malformed(`"${name}" is not the base64 of 32 bytes`);
  return bytes;
}

const malformed = (why: string, cause?: unknown): StasisError =>
  new StasisError('ProofInvalid', `form: the proof cannot be read: ${why}`, {
    next: 'docs/formats/proof.md has the format.',
    ...(cause !== undefined && { cause }),
  });
