import { StasisError } from '@stasis/errors';
import canonicalize from 'canonicalize';

const encoder = new TextEncoder();

/** RFC 8785 bytes. Lone surrogates and non-finite numbers are refused by the canonicaliser. */
export function canonicalBytes(value: unknown): Uint8Array {
  const text = canonicalize(value);
  if (text === undefined) throw new StasisError('EventMalformed', 'the value has no JSON form');
  return encoder.encode(text);
}
