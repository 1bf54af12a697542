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
  const body = canonicalBytes(content);
  const whole = new Uint8Array(head.length + body.length);
  whole.set(head);
  whole.set(body, head.length);
  return whole;
};

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

/** Attributes of a message on `stasis.requests` beside those of the event it carries. */
export const requestAttributes = ['node', 'expirytime', 'signaturekeyid', 'signature'] as const;
