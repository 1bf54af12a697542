import { z } from 'zod';
import { cause, reasonInLeaf } from './reason.ts';
import { signatureFaults } from './signedContent.ts';

/**
 * Every event there is, with the schema of its `data`. The key is `<noun>.<past>`; the CloudEvents type is
 * `dev.stasis.<key>.v1`. docs/events.md is checked against this file in both directions. Additive changes only; a change
 * that old readers would misread gets a new version and an upcaster.
 */
const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/);
const bytes = z.number().int().nonnegative();
const ms = z.number().nonnegative();
const containerRef = z.string().min(3);
const iso = z.iso.datetime();
const keyId = z.string().regex(/^[0-9a-f]{32}$/);
const publicKey = z.string().length(44);
const signature = z.string().length(88);
const file = z.object({ name: z.string(), size: bytes }).strict();
/**
 * Of a request: the one-shot command on the node that asks does it itself, with its image in this directory, and reports
 * the steps. No agent is told of it.
 */
const imagePath = z.string().startsWith('/').max(4096).optional();

const runtime = z.object({ name: z.string(), version: z.string(), platform: z.string() }).strict();

/** What is known of one run of a container when it is first seen. */
const runSeen = z
  .object({
    container: containerRef,
    /** Identity of this run on its node; another one under the same id is another generation. */
    run: z.string(),
    status: z.enum(['created', 'running', 'paused', 'stopped']),
    runtime: z.string(),
    root: z.string(),
    bundle: z.string(),
    startedAt: iso,
    specDigest: digest.optional(),
    labels: z.record(z.string(), z.string()).optional(),
    /** Set when Stasis started or restored it. */
    origin: z
      .object({ kind: z.enum(['start', 'restore']), request: z.string().optional(), checkpoint: z.string().optional() })
      .strict()
      .optional(),
  })
  .strict();

export const catalogue = {
  'checkpoint.requested': z
    .object({
      container: containerRef,
      node: z.string(),
      /** The run that was meant; another one under the id at capture time is SourceReplaced. */
      run: z.string(),
      generation: z.number().int().positive(),
      leaveRunning: z.boolean(),
      imagePath,
      labels: z.record(z.string(), z.string()),
      reason: reasonInLeaf.optional(),
      /** After this instant the recorder voids the request. */
      deadline: iso,
    })
    .strict(),
  'checkpoint.accepted': z.object({ attempt: z.number().int().positive() }).strict(),
  'checkpoint.refused': cause,
  'checkpoint.captured': z
    .object({
      files: z.array(file),
      bytes,
      freezeMs: ms,
      staging: z.enum(['tmpfs', 'disk']),
      container: z.enum(['running', 'paused', 'stopped']),
    })
    .strict(),
  'checkpoint.sealed': z.object({ manifestDigest: digest, bytes, runtime, durationMs: ms }).strict(),
  'checkpoint.stored': z.object({ store: z.string(), bytesNew: bytes, bytesShared: bytes, durationMs: ms }).strict(),
  'checkpoint.verified': z.object({ manifestDigest: digest, bytes, durationMs: ms }).strict(),
  'checkpoint.ready': z.object({ container: z.enum(['running', 'stopped']) }).strict(),
  'checkpoint.failed': cause.extend({ container: z.enum(['running', 'paused', 'stopped', 'unknown']) }),
  'checkpoint.canceled': z.object({ node: z.string(), reason: reasonInLeaf.optional() }).strict(),
  'checkpoint.voided': cause.extend({ node: z.string() }),
  'checkpoint.expired': z.object({ rule: z.string() }).strict(),
  'checkpoint.deleted': z.object({ reason: reasonInLeaf.optional() }).strict(),
  /** What came to light after the terminal event: an image exists, or the container ended. */
  'checkpoint.reconciled': z
    .object({
      node: z.string(),
      fact: z.string(),
      factType: z.string(),
      image: z.enum(['exists', 'none']),
      manifestDigest: digest.optional(),
      message: z.string(),
    })
    .strict(),

  'restore.requested': z
    .object({
      checkpoint: z.string(),
      node: z.string(),
      /** Name on the node. */
      name: z.string(),
      container: containerRef,
      /** Of the image; absent where the checkpoint has none, and the request is refused in the same decision. */
      manifestDigest: digest.optional(),
      imagePath,
      labels: z.record(z.string(), z.string()),
      reason: reasonInLeaf.optional(),
      deadline: iso,
    })
    .strict(),
  'restore.accepted': z.object({ attempt: z.number().int().positive() }).strict(),
  'restore.refused': z.object({ reasons: z.array(cause).min(1) }).strict(),
  'restore.materialised': z.object({ bytes, durationMs: ms }).strict(),
  'restore.running': z.object({ run: z.string(), durationMs: ms, warnings: z.array(z.string()).optional() }).strict(),
  'restore.failed': cause,
  'restore.canceled': z.object({ node: z.string(), reason: reasonInLeaf.optional() }).strict(),
  'restore.voided': cause.extend({ node: z.string() }),
  'restore.reconciled': z
    .object({ fact: z.string(), factType: z.string(), twin: z.boolean(), message: z.string() })
    .strict(),

  /** A start, stop or removal was asked for. The answer is one of started, stopped, gone, refused, failed. */
  'container.requested': z
    .object({
      container: containerRef,
      node: z.string(),
      verb: z.enum(['start', 'stop', 'remove']),
      /** For `start`: a bundle on the node, or a command over the host's root, read-only. */
      bundle: z.string().optional(),
      /** From an image that the ledger does not know. */
      imagePath,
      command: z.array(z.string()).min(1).optional(),
      /** In clear only in events from before it was sealed; nothing writes or obeys it any more. */
      env: z.array(z.string()).optional(),
      /** JSON of the environment (`NAME=value` strings), sealed for the node's key and this event's id. */
      sealedEnv: z
        .object({ keyId, box: z.string().max(48_000) })
        .strict()
        .optional(),
      cwd: z.string().optional(),
      labels: z.record(z.string(), z.string()).optional(),
      reason: reasonInLeaf.optional(),
      deadline: iso,
    })
    .strict(),
  'container.refused': cause.extend({ request: z.string() }),
  'container.failed': cause.extend({ request: z.string() }),
  'container.discovered': runSeen,
  'container.started': runSeen,
  'container.stopped': z
    .object({
      container: containerRef,
      run: z.string(),
      why: z.enum(['exited', 'requested', 'checkpointed']),
      request: z.string().optional(),
    })
    .strict(),
  /** Someone has paused it, or let it go on; what Stasis pauses for a checkpoint it resumes itself, and tells as that. */
  'container.paused': z.object({ container: containerRef, run: z.string() }).strict(),
  'container.resumed': z.object({ container: containerRef, run: z.string() }).strict(),
  'container.gone': z.object({ container: containerRef, run: z.string(), request: z.string().optional() }).strict(),

  'node.joined': z
    .object({
      node: z.string(),
      agent: z.enum(['checkpointer', 'restorer']),
      /** Differs at each start of the agent. */
      instance: z.string(),
      /** Its partition of stasis.requests. */
      partition: z.number().int().nonnegative(),
      runtime,
      kernel: z.string(),
      architecture: z.string(),
      cpuModel: z.string(),
      cpuFeatures: z.array(z.string()),
    })
    .strict(),
  'node.changed': z
    .object({ node: z.string(), runtime, kernel: z.string(), cpuFeatures: z.array(z.string()) })
    .strict(),
  'node.lost': z.object({ node: z.string(), agent: z.enum(['checkpointer', 'restorer']), lastSeen: iso }).strict(),
  /** A one-time token was made by which the node can enrol; `token` is the id of it. */
  'node.invited': z.object({ node: z.string(), token: z.string(), expires: iso }).strict(),
  /** By a one-time token. From here on this key, and no other, signs the node's facts. */
  'node.enrolled': z.object({ node: z.string(), keyId, publicKey }).strict(),
  /** `statement`: the old key's signature over the new one (docs/formats/signatures.md). */
  'node.rekeyed': z
    .object({
      node: z.string(),
      keyId,
      publicKey,
      oldKeyId: keyId,
      /** Facts under the old key that are on their way are taken until then. */
      oldKeyUntil: iso,
      statement: signature,
    })
    .strict(),

  /** A key that the api signs requests with. All but the first carry a statement of one before them. */
  'signingkey.published': z
    .object({ keyId, publicKey, signedBy: keyId.optional(), statement: signature.optional() })
    .strict(),
  'signingkey.retired': z.object({ keyId }).strict(),
  /** Messages that were not believed. `node` is who they named, or whom they were for. */
  'signature.refused': z
    .object({
      by: z.enum(['node', 'api']),
      node: z.string(),
      why: z.enum(signatureFaults),
      /** Of the last of them, where it has one: its event type, its id, the id of the key it names. */
      type: z.string().optional(),
      message: z.string().optional(),
      keyId: keyId.optional(),
      /** How many since the last such event of this node and fault. */
      count: z.number().int().positive(),
    })
    .strict(),

  /** Names of tokens are personal data and not in here. */
  'token.created': z
    .object({ role: z.string(), nodes: z.array(z.string()).min(1).optional(), expires: iso.optional() })
    .strict(),
  'token.revoked': z.object({ reason: reasonInLeaf.optional() }).strict(),
  /** Somebody signed in by OIDC for the first time; the subject is their opaque id, and who that is is not in here. */
  'subject.joined': z.object({ issuer: z.string(), role: z.string() }).strict(),
  /** The policies that requests are decided by from now on; an api says so when it starts with others than the last. */
  'access.changed': z
    .object({
      /** SHA-256 of schema.cedarschema and the .cedar files, in order of name, one after the other. */
      digest,
      policies: z.array(z.string()),
    })
    .strict(),
  /** A request that was not allowed; its subject is the request's id, which the answer carried. */
  'access.denied': z
    .object({
      action: z.string(),
      /** Without an id where the request named nothing that is known here. */
      resource: z.object({ kind: z.string(), id: z.string().optional() }).strict(),
      code: z.enum(['NotAuthorised', 'PolicyDenied', 'Unauthenticated']),
      /** Ids of the policies that forbade it, or of those that would have allowed it to another role. */
      policies: z.array(z.string()),
      /** Denials of the same actor since the last such event that have none of their own. */
      unreported: z.number().int().nonnegative(),
    })
    .strict(),

  /** A question to the audit, one event a query however many pages are read of it. Free text asked for lies beside. */
  'audit.read': z
    .object({
      question: z.enum(['events', 'event', 'as-of', 'diff', 'trail', 'export']),
      /** As asked, without cursor and free text. */
      query: z.record(z.string(), z.string()),
      text: reasonInLeaf.optional(),
      ledger: z.string(),
      /** The answer reflects the ledger up to here. */
      position: z.number().int().nonnegative(),
      /** What the first page held: how many, their digest (SHA-256 of the RFC 8785 form), and whether more followed. */
      rows: bytes,
      digest,
      more: z.boolean(),
    })
    .strict(),
  /** An export was handed out to its end. `read` is the event that its beginning left. */
  'audit.exported': z
    .object({
      read: z.string(),
      format: z.enum(['ndjson', 'csv']),
      ledger: z.string(),
      /** Positions above `after` and up to `upTo` were looked through. */
      after: z.number().int().nonnegative(),
      upTo: z.number().int().nonnegative(),
      rows: bytes,
      /** SHA-256 of the bytes handed out, without the last line that says so. */
      digest,
    })
    .strict(),
} as const;

export type EventKey = keyof typeof catalogue;
export type EventData<K extends EventKey> = z.infer<(typeof catalogue)[K]>;

/** One event as a decider makes it: what happened, without envelope. */
export type DomainEvent<K extends EventKey = EventKey> = {
  [Key in K]: { readonly key: Key; readonly data: EventData<Key> };
}[K];

export const eventKeys = Object.keys(catalogue) as EventKey[];
export const typeOf = (key: EventKey): string => `dev.stasis.${key}.v1`;

const keyByType = new Map(eventKeys.map((key) => [typeOf(key), key]));
/** Absent for a type that is not in the catalogue. */
export const keyOf = (type: string): EventKey | undefined => keyByType.get(type);
