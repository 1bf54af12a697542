import { createHash } from 'node:crypto';
import { StasisError } from '@stasis/errors';
import {
  canonicalBytes,
  type EventData,
  type EventKey,
  isEvent,
  newId,
  type StasisEvent,
  systemLedger,
  typeOf,
} from '@stasis/events';
import type { Actor } from '../actor.ts';
import { withLedger } from '../databaseAway.ts';
import type { Platform } from '../platform.ts';
import { sealReason } from '../sealReason.ts';

export type Question = EventData<'audit.read'>['question'];
type Query = Readonly<Record<string, string | number | boolean | undefined>>;

/** What was asked and what was answered with first. */
export interface Asked {
  readonly question: Question;
  readonly query: Query;
  readonly ledger: string;
  readonly position: number;
  readonly rows: readonly unknown[];
  /** Further pages can be read. */
  readonly more: boolean;
}

type Recording = Pick<Platform, 'ledger' | 'heads'>;

/**
 * Records that the audit was read, before the answer is given: who cannot be recorded reads nothing.
 * @returns the event's id. @throws StasisError AuditUnavailable
 */
export async function recordRead(platform: Recording, actor: Actor, asked: Asked): Promise<string> {
  const { question, query, ledger, position, rows, more } = asked;
  const text = typeof query['text'] === 'string' ? sealReason(query['text']) : undefined;
  return recordAudit(
    platform,
    actor,
    'audit.read',
    {
      question,
      query: queryInLeaf(query),
      ...(text && { text: text.leaf }),
      ledger,
      position,
      rows: rows.length,
      digest: `sha256:${createHash('sha256').update(canonicalBytes(rows)).digest('hex')}`,
      more,
    },
    text,
  );
}

/** One event of the audit itself, in a stream of its own. */
export async function recordAudit<K extends 'audit.read' | 'audit.exported'>(
  { ledger, heads }: Recording,
  { authtype, authid, policyid }: Actor,
  key: K,
  data: EventData<K>,
  text?: { readonly text: string; readonly salt: string },
): Promise<string> {
  const id = newId('evt');
  const time = new Date().toISOString();
  const event: { [Name in keyof StasisEvent]: unknown } = {
    specversion: '1.0',
    id,
    type: typeOf(key satisfies EventKey),
    source: '/stasis/api',
    subject: id,
    time,
    datacontenttype: 'application/json',
    ledger: systemLedger,
    recordedtime: time,
    authtype,
    authid,
    ...(policyid !== undefined && { policyid }),
    correlationid: id,
    data,
  };
  const texts = text && [{ eventId: id, text: text.text, salt: text.salt }];
  const append = { ledger: systemLedger, stream: `audit/${id}`, expectedVersion: 0, events: [event as StasisEvent] };
  const [outcome] = await withLedger(() => ledger.append([{ ...append, ...(texts && { texts }) }]));
  if (outcome?.outcome !== 'appended')
    throw new StasisError('AuditUnavailable', 'the question could not be recorded, so it is not answered');
  heads.note(systemLedger, outcome.recorded[0]!.position);
  return id;
}

/** As asked, but for what is no part of the question or must not be in a leaf. */
function queryInLeaf(query: Query): Record<string, string> {
  const { cursor: _cursor, text: _text, waitFor: _waitFor, ...asked } = query;
  return Object.fromEntries(
    Object.entries(asked).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]])),
  );
}

/**
 * A cursor goes on with a question that was recorded: it carries the id of that event. One that belongs to another
 * question or to somebody else is refused, else it would be a way to read unrecorded.
 * @returns the ledger's own cursor, and the position that the first page reflected. @throws StasisError BadRequest
 */
export async function openCursor(
  { ledger }: Pick<Platform, 'ledger'>,
  actor: Actor,
  cursor: string,
  { question, query }: Pick<Asked, 'question' | 'query'>,
): Promise<{ readonly place: string; readonly read: string; readonly position: number }> {
  const [, place, read] = /^(.{1,200})\.(evt_[a-z0-9]{26})$/.exec(cursor) ?? [];
  const found = read === undefined ? undefined : await ledger.findEvent(read);
  if (place === undefined || read === undefined || found === undefined || !isEvent(found.event, 'audit.read'))
    throw notACursor(cursor, 'is not a cursor');
  const { event } = found;
  const same =
    event.data.question === question &&
    sameQuery(event.data.query, queryInLeaf(query)) &&
    event.authid === actor.authid;
  if (!same) throw notACursor(cursor, 'is the cursor of another question');
  if (event.data.text !== undefined || query['text'] !== undefined) await requireSameText(ledger, event, query['text']);
  return { place, read, position: event.data.position };
}

/** A page's size may change from page to page. */
function sameQuery(recorded: Readonly<Record<string, string>>, asked: Readonly<Record<string, string>>): boolean {
  const { limit: _one, ...a } = recorded;
  const { limit: _other, ...b } = asked;
  const names = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...names].every((name) => a[name] === b[name]);
}

async function requireSameText(
  ledger: Platform['ledger'],
  event: StasisEvent<'audit.read'>,
  asked: Query[string],
): Promise<void> {
  const [kept] = await ledger.database.query<{ text: string }>('select text from event_texts where event_id = $1', [
    event.id,
  ]);
  if (kept?.text !== asked) throw notACursor(event.id, 'is the cursor of another question');
}

export const cursorOf = (place: string | number, read: string): string => `${place}.${read}`;

const notACursor = (cursor: string, why: string): StasisError =>
  new StasisError('BadRequest', `"${cursor.slice(0, 60)}" ${why}`, {
    next: 'Use `next` of the last page with the same query, or ask anew without a cursor.',
  });
