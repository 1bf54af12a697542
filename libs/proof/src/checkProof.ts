import { sha256 } from '@noble/hashes/sha2.js';
import { messageOf } from '@stasis/errors';
import { canonicalBytes } from '@stasis/events';
import { concat, equalBytes, toHex } from './bytes.ts';
import { openCosignatures, type Witness } from './cosignature.ts';
import { leafHash } from './hash.ts';
import { verifyInclusion } from './inclusion.ts';
import { eventIn, type ProofClaim } from './proofDocument.ts';
import { keyIdOf, type NoteVerifier, openNote, splitNote } from './signedNote.ts';
import { originOf, parseTreeHead, type TreeHead } from './treeHead.ts';

/** In the order in which they are made. */
export const proofChecks = [
  'event',
  'leafHash',
  'textDigest',
  'signature',
  'origin',
  'inclusion',
  'witnesses',
] as const;
export type ProofCheck = (typeof proofChecks)[number];

export interface Checked {
  readonly check: ProofCheck;
  readonly holds: boolean;
  /** One sentence: what was found. */
  readonly says: string;
}

export interface ProofVerdict {
  readonly holds: boolean;
  readonly checks: readonly Checked[];
  /** What the checks held to be proven; meaningless when they did not. */
  readonly event: unknown;
  readonly position: number;
  readonly treeSize: number;
}

export interface Trusted {
  /** The ledger's key, from somewhere else than the proof. */
  readonly key: NoteVerifier;
  /** Each of these must have cosigned. */
  readonly witnesses?: readonly Witness[];
}

const encoder = new TextEncoder();

/**
 * Makes every check of a proof against keys that the caller trusts; needs nothing else. The verdict tells each check, so
 * that a person sees which one failed.
 * @throws StasisError ProofInvalid or IntegrityMismatch when leaf or tree head cannot be read at all.
 */
export function checkProof(claim: ProofClaim, { key, witnesses = [] }: Trusted): ProofVerdict {
  const event = eventIn(claim.leaf);
  const head = parseTreeHead(splitNote(claim.treeHead).text);
  const checks = [
    told('event', eventFits(claim, event)),
    told('leafHash', leafHashFits(claim)),
    told('textDigest', textFits(claim, event)),
    told('signature', signatureFits(claim, key)),
    told('origin', originFits(head, key, event)),
    told('inclusion', includes(claim, head)),
    told('witnesses', cosigned(claim, witnesses)),
  ];
  const holds = checks.every((one) => one.holds);
  return { holds, checks, event, position: claim.leafIndex + 1, treeSize: head.size };
}

/** What a check found: `true` with what holds, `false` with what does not. */
type Finding = readonly [holds: boolean, says: string];

const told = (check: ProofCheck, [holds, says]: Finding): Checked => ({ check, holds, says });

function eventFits({ leaf, event: shown }: ProofClaim, event: unknown): Finding {
  if (!equalBytes(canonicalBytes(event), leaf)) return [false, 'the leaf is not in its RFC 8785 form'];
  if (shown === undefined) return [true, 'the event is read from the leaf'];
  return equalBytes(canonicalBytes(shown), leaf)
    ? [true, 'the event shown is the one in the leaf']
    : [false, 'the event shown is not the one in the leaf'];
}

function leafHashFits({ leaf, leafHash: said }: ProofClaim): Finding {
  const hash = leafHash(leaf);
  if (said !== undefined && !equalBytes(said, hash)) return [false, 'the leaf hash is not that of the leaf'];
  return [true, `the leaf hashes to ${toHex(hash)}`];
}

function textFits({ text }: ProofClaim, event: unknown): Finding {
  const digest = digestIn(event);
  if (text === undefined)
    return [true, digest === undefined ? 'the event has no free text' : 'the text is not in the file: only its digest'];
  const own = `sha256:${toHex(sha256(concat(encoder.encode(text.salt), encoder.encode(text.text))))}`;
  return own === digest
    ? [true, 'the text and its salt are those that the leaf has the digest of']
    : [false, 'the text is not the one that the leaf has the digest of'];
}

function digestIn(event: unknown): unknown {
  const { data } = Object(event) as { data?: unknown };
  const { reason } = Object(data) as { reason?: unknown };
  return (Object(reason) as { textDigest?: unknown }).textDigest;
}

function signatureFits({ treeHead, keyId }: ProofClaim, key: NoteVerifier): Finding {
  const given = keyIdOf(key);
  if (keyId !== undefined && keyId !== given)
    return [false, `the tree head was signed with ${keyId}, and the key given is ${given}`];
  try {
    openNote(treeHead, [key]);
    return [true, `the tree head is signed with ${given}`];
  } catch (error) {
    return [false, messageOf(error)];
  }
}

function originFits({ origin }: TreeHead, key: NoteVerifier, event: unknown): Finding {
  const { ledger } = Object(event) as { ledger?: unknown };
  if (origin !== key.name) return [false, `the tree head is of "${origin}", and the key is of "${key.name}"`];
  if (origin !== originOf(String(ledger)))
    return [false, `the tree head is of "${origin}", and the event is of ledger "${String(ledger)}"`];
  return [true, `event, tree head and key are of ${origin}`];
}

function includes({ leaf, leafIndex, treeSize, hashes }: ProofClaim, { size, root }: TreeHead): Finding {
  if (treeSize !== undefined && treeSize !== size)
    return [false, `the tree head is of size ${size}, and the proof of size ${treeSize}`];
  return verifyInclusion({ leafHash: leafHash(leaf), leafIndex, treeSize: size, hashes, root })
    ? [true, `leaf ${leafIndex} is in the tree of ${size}`]
    : [false, `the hashes do not lead from leaf ${leafIndex} to the root of the tree of ${size}`];
}

function cosigned({ treeHead }: ProofClaim, witnesses: readonly Witness[]): Finding {
  if (witnesses.length === 0) return [true, 'none was asked for'];
  try {
    const names = openCosignatures(treeHead, witnesses).map(({ witness }) => witness);
    const missing = witnesses.find(({ witness }) => !names.includes(witness));
    return missing === undefined
      ? [true, `cosigned by ${names.join(', ')}`]
      : [false, `${missing.witness} did not cosign the tree head`];
  } catch (error) {
    return [false, messageOf(error)];
  }
}
