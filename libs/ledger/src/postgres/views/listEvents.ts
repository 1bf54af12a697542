import { defaultLedger, keyOf, type Outcome, type RecordedEvent } from '@stasis/events';
import { type FacetField, termOf, wordsOf, wordTerm } from '../../facets.ts';
import type { Sql } from '../database.ts';
import { overlappingRuns } from '../history/overlappingRuns.ts';
import { lookIn, type Hit } from '../history/lookIn.ts';
import { windowsOf } from '../history/windows.ts';
import { readHeads } from '../read/readHeads.ts';
import { recordedOf } from '../read/rows.ts';
import { defaultLimit, type Page, type PageOptions, parseCursor } from './viewPage.ts';

/** All that is given must fit. */
export interface EventFilter extends PageOptions {
  /** `<node>/<name>`: its own events, those of checkpoints of it and of restores that make it. */
  readonly container?: string;
  /** Events of the node itself (system ledger) and of what happens on it. */
  readonly node?: string;
  /** Events of this checkpoint and of restores of it. */
  readonly checkpoint?: string;
  readonly restore?: string;
  /** The opaque id of who caused the event. */
  readonly actor?: string;
  /** The whole CloudEvents type. */
  readonly type?: string;
  readonly outcome?: Outcome;
  /** Code of a cause, or that the asker gave. */
  readonly reason?: string;
  /** Words of the asker's free text: each must be in it, as a whole word, in whatever case. */
  readonly text?: string;
  readonly ticket?: string;
  readonly correlation?: string;
  /** `<name>=<value>`, each. */
  readonly labels?: readonly string[];
  /** ISO 8601: when it happened, from (with) and to (without). */
  readonly occurredFrom?: string;
  readonly occurredTo?: string;
  /** The same by when it was recorded. */
  readonly recordedFrom?: string;
  readonly recordedTo?: string;
  /** Events above this position, and up to (with) that one. */
  readonly after?: number;
  readonly upTo?: number;
  /** By position; `asc` unless given. */
  readonly order?: 'asc' | 'desc';
}

/** `id` is the event's id, which a proof is asked for by. */
export type EventItem = RecordedEvent & { readonly id: string; readonly text?: string };

const fields = [
  'container',
  'node',
  'checkpoint',
  'restore',
  'actor',
  'outcome',
  'reason',
  'ticket',
  'correlation',
] as const satisfies readonly FacetField[];

function termsOfFilter(filter: EventFilter): string[] {
  const { type, labels = [], text } = filter;
  return [
    ...fields.flatMap((field) => (filter[field] === undefined ? [] : [termOf(field, filter[field])])),
    ...(type === undefined ? [] : [termOf('type', keyOf(type) ?? type)]),
    ...labels.map((label) => termOf('label', label)),
    ...(text === undefined ? [] : wordsOf(text).map(wordTerm)),
  ];
}

/**
 * One page of a ledger's events, by position. Events that are recorded meanwhile are above `position` and belong to no
 * page of this answer; the page after it, asked for by `next` or `after`, has them.
 */
export async function listEvents(sql: Sql, filter: EventFilter = {}): Promise<Page<EventItem>> {
  const { items, next, position } = await findEvents(sql, filter);
  return { items: items.map(itemOf), next, position };
}

const itemOf = ({ text, ...row }: Hit): EventItem => {
  const recorded = recordedOf(row);
  return { id: recorded.event.id, ...recorded, ...(text !== null && { text }) };
};

/** The same page with the leaves as they are. */
export async function findEvents(sql: Sql, filter: EventFilter): Promise<Page<Hit>> {
  const { ledger = defaultLedger, limit = defaultLimit, order = 'asc', cursor } = filter;
  const head = (await readHeads(sql)).get(ledger) ?? 0;
  const edge = cursor === undefined ? undefined : Number(parseCursor(cursor));
  const low = Math.max((filter.after ?? 0) + 1, order === 'asc' ? (edge ?? 0) + 1 : 1);
  const high = Math.min((filter.upTo ?? head) + 1, head + 1, order === 'desc' ? (edge ?? head + 1) : head + 1);
  const runs = await overlappingRuns(sql, ledger, { low, high }, filter);
  const terms = termsOfFilter(filter);
  const wanted = filter.text === undefined ? [] : wordsOf(filter.text);
  const found: Hit[] = [];
  // Without a term every row of a run fits, but for the run's ends: one walk fills the page.
  const windows = terms.length === 0 ? (order === 'asc' ? runs : runs.toReversed()) : windowsOf(ledger, runs, order);
  for (const window of windows) {
    const hits = await lookIn(sql, { ledger, window, terms, filter, order, limit: limit + 1 - found.length });
    found.push(...hits.filter(({ text }) => hasWords(text, wanted)));
    if (found.length > limit) break;
  }
  const items = found.slice(0, limit);
  return { items, next: found.length > limit ? String(items.at(-1)?.position) : null, position: head };
}

/** The index holds hashes of words: the text itself decides. */
function hasWords(text: string | null, wanted: readonly string[]): boolean {
  if (wanted.length === 0) return true;
  const has = new Set(text === null ? [] : wordsOf(text));
  return wanted.every((word) => has.has(word));
}
