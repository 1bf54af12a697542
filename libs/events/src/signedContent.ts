import { messageOf, StasisError } from '@stasis/errors';
import { canonicalBytes } from './canonicalBytes.ts';

/** Why a message was not believed. */
export const signatureFaults = [
  'Unsigned',
  'UnknownKey',
  'KeyEnded',
  'BadSignature',
  'WrongNode',
  'WrongVerb',
  'Expired',
  'Replayed',
  'Malformed',
  'ForeignSubject',
] as const;
export type SignatureFault = (typeof signatureFaults)[number];

/**
 * What is signed, byte for byte (docs/formats/signatures.md): a line that names the kind, so that a signature of one kind
 * is none of another, and RFC 8785 JSON.
 */
const inDomain = (kind: 'request' | 'fact' | 'key', content: object): Uint8Array => {
  const head = new TextEncoder().encode(`stasis ${kind} v1\n`);
  const body = bytesOf(content);
  const whole = new Uint8Array(head.length + body.length);
  whole.set(head);
  whole.set(body, head.length);
  return whole;
};

/** @throws StasisError EventMalformed for what has no RFC 8785 form (a lone surrogate): nobody can have signed it */
function bytesOf(content: object): Uint8Array {
  try {
    return canonicalBytes(content);
  } catch (cause) {
    throw new StasisError('EventMalformed', `the message cannot be signed: ${messageOf(cause)}`, { cause });
  }
}

/**
 * What the api signs of a message on `stasis.requests`: every CloudEvents attribute but `signature` (so type, subject,
 * id, `node`, `expirytime` and `signaturekeyid` are covered), and the data.
 */
export function requestBytes(attributes: Readonly<Record<string, string>>, data: unknown): Uint8Array {
  const { signature: _, ...signed } = attributes;
  return inDomain('request', { ...signed, data });
}

/** What a node signs of a fact: the event without `nodesignature`, and without `recordedtime`, which the recorder adds. */
export function factBytes(event: object): Uint8Array {
  const { nodesignature: _, recordedtime: __, ...sent } = event as Record<string, unknown>;
  return inDomain('fact', sent);
}

/** What an old key signs to hand over to a new one. `owner` is `api` or `node/<node>`. */
export const keyStatementBytes = (owner: string, oldKeyId: string, publicKey: string): Uint8Array =>
  inDomain('key', { owner, oldKeyId, publicKey });
