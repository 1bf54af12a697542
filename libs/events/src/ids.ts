import { sha256 } from '@noble/hashes/sha2.js';
import { utf8ToBytes } from '@noble/hashes/utils.js';
import { TypeID, typeid } from 'typeid-js';

/**
 * Ids are TypeIDs: a prefix that names the kind and a UUIDv7 in base32 (jetify-com/typeid spec 0.3). They sort by time.
 */
export const idPrefixes = ['ckp', 'rst', 'evt', 'pol', 'hld', 'drl', 'sub'] as const;
export type IdPrefix = (typeof idPrefixes)[number];
export type Id<P extends IdPrefix> = `${P}_${string}`;

export const newId = <P extends IdPrefix>(prefix: P): Id<P> => typeid(prefix).toString() as Id<P>;

const pattern = /^([a-z]{3})_[0-7][0-9a-hjkmnp-tv-z]{25}$/;

export const isId = <P extends IdPrefix>(prefix: P, text: string): text is Id<P> => pattern.exec(text)?.[1] === prefix;

/**
 * The id of the n-th further event of one decision: the same for the same (fact id, n), so that a second delivery finds
 * it recorded. A UUIDv7 with the fact's time and 74 bits of SHA-256(fact id ‖ n).
 */
export function deriveEventId(factId: string, n: number): Id<'evt'> {
  const source = TypeID.fromString(factId).toUUIDBytes();
  const digest = sha256(utf8ToBytes(`${factId}\n${n}`));
  const uuid = new Uint8Array(16);
  uuid.set(source.subarray(0, 6), 0);
  uuid.set(digest.subarray(0, 10), 6);
  uuid[6] = 0x70 | (uuid[6]! & 0x0f);
  uuid[8] = 0x80 | (uuid[8]! & 0x3f);
  return TypeID.fromUUIDBytes('evt', uuid).toString() as Id<'evt'>;
}
