import { StasisError } from '@stasis/errors';
import canonicalize from 'canonicalize';

const encoder = new TextEncoder();

/** RFC 8785 text. Lone surrogates and non-finite numbers are refused by the canonicaliser. */
export function canonicalText(value: unknown): string {
  const text = canonicalize(value);
  if (text === undefined) throw new StasisError('EventMalformed', 'the value has no JSON form');
  return text;
}

/** RFC 8785 bytes; refuses what `canonicalText` refuses. */
export const canonicalBytes = (value: unknown): Uint8Array => encoder.encode(canonicalText(value));

/**
 * Whether `text`, which was parsed to `value`, is its RFC 8785 text. Quick: what `JSON.stringify` writes with keys in order
 * is that text (section 3.2.2 takes its rules from ECMAScript); only what differs is canonicalised.
 */
export const isCanonicalText = (text: string, value: unknown): boolean =>
  (hasKeysInOrder(value) && !loneSurrogate.test(text) && JSON.stringify(value) === text) ||
  (text.isWellFormed() && !loneSurrogate.test(text) && canonicalText(value) === text);

/** As JSON escapes it; RFC 8785 has no such text (a backslash in a string is doubled). */
const loneSurrogate = /(?<!\\)(?:\\\\)*\\ud[89a-f]/;

function hasKeysInOrder(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return true;
  if (Array.isArray(value)) return value.every(hasKeysInOrder);
  let last = '';
  for (const [key, item] of Object.entries(value)) {
    if (key < last || !hasKeysInOrder(item)) return false;
    last = key;
  }
  return true;
}
