import { createHash } from 'node:crypto';
import { domainEventOf, outcomeOf, type RecordedEvent } from '@stasis/events';
import type { ViewRow } from './projection.ts';

/**
 * The words an event is found by, `<field>:<value>`. What its resource's request said (container, node, checkpoint,
 * labels, ticket) counts for every event of that resource's life; outcome, reason and free text for the event itself.
 */
export const facetFields = [
  'container',
  'node',
  'checkpoint',
  'restore',
  'actor',
  'type',
  'outcome',
  'reason',
  'ticket',
  'correlation',
  'label',
  'word',
] as const;
export type FacetField = (typeof facetFields)[number];

/** Between terms, and between the terms of one event and the next, where they are sent as one text. */
export const termBreak = '\u001f';
export const eventBreak = '\u001e';

/** A break inside a value is written as U+FFFD, here as in whatever is looked for. */
export const termOf = (field: FacetField, value: string): string =>
  value.includes(termBreak) || value.includes(eventBreak)
    ? `${field}:${value.replaceAll(termBreak, '\ufffd').replaceAll(eventBreak, '\ufffd')}`
    : `${field}:${value}`;

interface Said {
  readonly container?: unknown;
  readonly node?: unknown;
  readonly checkpoint?: unknown;
  readonly labels?: unknown;
  readonly reason?: unknown;
  readonly reasons?: unknown;
  readonly code?: unknown;
  readonly resource?: unknown;
}

/** @param view of the event's resource once the event is folded in; absent for a noun without read model. */
export function termsOf(
  { event }: Pick<RecordedEvent, 'event'>,
  view: ViewRow['view'] | undefined,
  text?: string,
): string[] {
  const { key, data } = domainEventOf(event);
  const [noun] = key.split('.');
  const own = data as Said;
  const life = (view ?? {}) as Said;
  const terms = new Set<string>();
  const add = (field: FacetField, value: unknown): void => {
    if (typeof value === 'string') terms.add(termOf(field, value));
  };
  add('type', key);
  add('actor', event.authid);
  add('correlation', event.correlationid);
  add('outcome', outcomeOf(key));
  if (noun === 'checkpoint' || noun === 'restore' || noun === 'container' || noun === 'node') add(noun, event.subject);
  for (const said of [life, own]) {
    for (const field of ['container', 'node', 'checkpoint'] as const) add(field, said[field]);
    add('ticket', fieldOf(said.reason, 'ticket'));
    for (const [name, value] of Object.entries(isRecord(said.labels) ? said.labels : {}))
      if (typeof value === 'string') add('label', `${name}=${value}`);
  }
  const resource = isRecord(own.resource) ? own.resource : {};
  for (const kind of ['container', 'node', 'checkpoint', 'restore'] as const)
    if (resource['kind'] === kind) add(kind, resource['id']);
  for (const code of reasonCodesOf(own)) add('reason', code);
  for (const word of text === undefined ? [] : wordsOf(text)) terms.add(wordTerm(word));
  return [...terms];
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const fieldOf = (value: unknown, name: string): unknown => (isRecord(value) ? value[name] : undefined);

/** A cause's own code, those of a refusal with several, a denial's, and the code that the asker gave. */
const reasonCodesOf = ({ reason, reasons, code }: Said): unknown[] => [
  reason,
  code,
  fieldOf(reason, 'code'),
  ...(Array.isArray(reasons) ? reasons.map((one) => fieldOf(one, 'reason')) : []),
];

/** Words of a free text, as they are searched for: runs of letters and digits, in lower case. */
export const wordsOf = (text: string): string[] => [
  ...new Set(
    text
      .normalize('NFC')
      .toLowerCase()
      .match(/[\p{L}\p{M}\p{N}]+/gu) ?? [],
  ),
];

/**
 * A word in the index is eight digits of its hash: an index page outlives the row that is erased from it, and must not
 * hold a name. Equal digits are told apart by the text itself, which is read with each hit.
 */
export const wordTerm = (word: string): string =>
  termOf('word', createHash('sha256').update(word).digest('hex').slice(0, 8));
