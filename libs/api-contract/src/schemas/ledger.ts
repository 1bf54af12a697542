import { z } from 'zod';
import { ledgerName } from './common.ts';

/** What recomputing every leaf and hash of a ledger found. */
export const verification = z
  .object({
    ledger: z.string(),
    /** Events that it says it holds. */
    size: z.number().int(),
    /** Every one of them fits. */
    verified: z.boolean(),
    /** Tree heads that fit, in the database and in their copies outside it. */
    treeHeads: z.object({ kept: z.number().int(), outside: z.number().int() }),
    /** Of events that nodes told, when it was asked for: those that the node signed, and those that nobody did. */
    signatures: z.object({ signed: z.number().int(), unsigned: z.number().int() }).exactOptional(),
    /** The first position that does not fit, with why. */
    firstBad: z.object({ position: z.number().int(), message: z.string() }).exactOptional(),
    durationMs: z.number(),
  })
  .meta({ id: 'Verification' });
export type Verification = z.infer<typeof verification>;

export const rebuilt = z
  .object({
    ledger: z.string(),
    /** Events folded in. */
    events: z.number().int(),
    /** Rows there are now, by noun. */
    rows: z.record(z.string(), z.number().int()),
    /** Rows that were different before, by noun; all 0 = the read models were right. */
    differing: z.record(z.string(), z.number().int()),
    durationMs: z.number(),
  })
  .meta({ id: 'Rebuilt' });
export type Rebuilt = z.infer<typeof rebuilt>;

/** `GET /v1/tree-heads/latest` for who accepts application/json; for all others it is the note itself, as text. */
export const treeHeadShown = z
  .object({
    origin: z.string(),
    size: z.number().int(),
    /** Base64. */
    root: z.string(),
    /** The signed note (C2SP). */
    treeHead: z.string(),
  })
  .meta({ id: 'TreeHead' });
export type TreeHeadShown = z.infer<typeof treeHeadShown>;

/** What a witness hands in. */
export const cosignatureGiven = z
  .object({
    ledger: ledgerName,
    /** Of the tree head that it saw. */
    size: z.number().int().min(0),
    /** The signature line of c2sp.org/tlog-cosignature, with its newline. */
    cosignature: z.string().min(1).max(500),
  })
  .strict();

/** That an event is in the tree of a signed head: what an outsider needs beside the verifier key. */
export const proof = z
  .object({
    event: z.string(),
    /** Base64 of the RFC 8785 bytes. */
    leaf: z.string(),
    /** Position - 1. */
    leafIndex: z.number().int(),
    treeSize: z.number().int(),
    /** Base64, the audit path of RFC 6962. */
    hashes: z.array(z.string()),
    /** The signed note (C2SP). */
    treeHead: z.string(),
    /** Free text and salt of the event's reason, while they exist: textDigest = SHA-256(salt ‖ text). */
    text: z.object({ text: z.string(), salt: z.string() }).exactOptional(),
  })
  .meta({ id: 'Proof' });
export type Proof = z.infer<typeof proof>;

/** That the tree of size `to` only added to the tree of size `from`. */
export const consistency = z
  .object({ from: z.number().int(), to: z.number().int(), hashes: z.array(z.string()) })
  .meta({ id: 'Consistency' });
export type Consistency = z.infer<typeof consistency>;

export const readiness = z
  .object({
    ready: z.boolean(),
    parts: z.array(z.object({ part: z.string(), up: z.boolean(), message: z.string().exactOptional() })),
  })
  .meta({ id: 'Readiness' });
export type Readiness = z.infer<typeof readiness>;
