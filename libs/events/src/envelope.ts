import { StasisError } from '@stasis/errors';
import { z } from 'zod';
import { canonicalBytes } from './canonicalBytes.ts';
import { catalogue, type DomainEvent, type EventData, type EventKey, keyOf, typeOf } from './catalogue.ts';
import { isId } from './ids.ts';

/**
 * CloudEvents 1.0 with the extensions of Stasis. The leaf of an event is the RFC 8785 bytes of exactly this object, so
 * `position` is not part of it. Of a fact the recorder sets `recordedtime` and nothing else: the rest is what the node signed.
 */
export const envelope = z
  .object({
    specversion: z.literal('1.0'),
    id: z.string().refine((id) => isId('evt', id), 'is not an evt_ id'),
    type: z.string(),
    source: z.string().regex(/^\/stasis\/(api|nodes\/[a-z0-9.-]+)$/),
    subject: z.string().min(1).max(256),
    time: z.iso.datetime(),
    datacontenttype: z.literal('application/json'),
    ledger: z.string().regex(/^[a-z0-9-]{1,40}$/),
    recordedtime: z.iso.datetime().optional(),
    /** CloudEvents auth context: user, service_account, system, unauthenticated. */
    authtype: z.enum(['user', 'service_account', 'system', 'unauthenticated']),
    /** Opaque; never a name. */
    authid: z.string().max(64),
    /** Ids of the policies that allowed the request which this event records, with commas between them. */
    policyid: z.string().max(256).optional(),
    correlationid: z.string().max(64),
    causationid: z.string().max(64).optional(),
    traceparent: z.string().max(64).optional(),
    /** Id of the node's key and its Ed25519 signature over the fact as it was sent (docs/formats/signatures.md). */
    nodekeyid: z
      .string()
      .regex(/^[0-9a-f]{32}$/)
      .optional(),
    nodesignature: z.string().max(128).optional(),
    data: z.unknown(),
  })
  .strict();

type Envelope = z.infer<typeof envelope>;

export type StasisEvent<K extends EventKey = EventKey> = {
  [Key in K]: Omit<Envelope, 'data'> & { readonly data: EventData<Key> };
}[K];

/** An event with its place in its ledger. */
export interface RecordedEvent {
  readonly position: number;
  /** Name of the stream and the event's number in it, from 1. */
  readonly stream: string;
  readonly version: number;
  readonly event: StasisEvent;
}

/**
 * Reads one event from outside and checks envelope and data against the catalogue.
 * @throws StasisError EventMalformed, naming the field by JSON pointer.
 */
export function parseEvent(input: unknown): StasisEvent {
  const read = envelope.safeParse(input);
  if (!read.success) throw malformed('event', read.error.issues);
  const key = keyOf(read.data.type);
  if (key === undefined)
    throw new StasisError('EventMalformed', `event type "${read.data.type}" is not in the catalogue`);
  const data = catalogue[key].safeParse(read.data.data);
  if (!data.success) throw malformed(`data of ${key}`, data.error.issues);
  return { ...read.data, data: data.data } as StasisEvent;
}

const malformed = (what: string, issues: readonly z.core.$ZodIssue[]): StasisError =>
  new StasisError('EventMalformed', `${what} is malformed at ${pointer(issues[0])}: ${issues[0]?.message}`, {
    details: issues.map((issue) => ({ field: pointer(issue), message: issue.message })),
  });

const pointer = (issue: z.core.$ZodIssue | undefined): string =>
  issue === undefined || issue.path.length === 0 ? '/' : issue.path.map((part) => `/${String(part)}`).join('');

/** The domain event inside, for folding into state. */
export function domainEventOf(event: StasisEvent): DomainEvent {
  const key = keyOf(event.type);
  if (key === undefined) throw new StasisError('EventMalformed', `event type "${event.type}" is not in the catalogue`);
  return { key, data: event.data } as DomainEvent;
}

export const isEvent = <K extends EventKey>(event: StasisEvent, key: K): event is StasisEvent & StasisEvent<K> =>
  event.type === typeOf(key);

/** What the ledger stores and hashes for an event. */
export const leafOf = (event: StasisEvent): Uint8Array => canonicalBytes(event);
