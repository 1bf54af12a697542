import { createHash, randomBytes } from 'node:crypto';
import type { ReasonGiven, ReasonInLeaf } from '@stasis/events';
import { reasonOf } from '@stasis/api-contract';

/** A reason in its two halves: the leaf's form, and the erasable text with the salt that links them. */
export interface SealedReason {
  readonly leaf: ReasonInLeaf;
  readonly text: string;
  readonly salt: string;
}

/** textDigest = SHA-256 over the UTF-8 bytes of the salt (32 hex digits, new for each reason) followed by the text. */
export function sealReason(given: string | ReasonGiven): SealedReason {
  const { code, text, ticket } = reasonOf(given);
  const salt = randomBytes(16).toString('hex');
  const textDigest = `sha256:${createHash('sha256').update(salt).update(text).digest('hex')}`;
  return {
    leaf: { ...(code !== undefined && { code }), ...(ticket !== undefined && { ticket }), textDigest },
    text,
    salt,
  };
}
