import { defaultLedger, type RecordedEvent } from '@stasis/events';
import type { Sql } from '../database.ts';
import { eventColumns, type EventRow, recordedOf } from '../read/rows.ts';
import { defaultLimit, type Page, type PageOptions, parseCursor } from './viewPage.ts';

export interface EventFilter extends PageOptions {
  /** Events of this checkpoint and of restores of it. */
  readonly checkpoint?: string;
  readonly restore?: string;
  /** `<node>/<name>`: its own events, those of checkpoints of it and of restores that make it. */
  readonly container?: string;
  /** Events of the node itself (system ledger) and of what happens on it. */
  readonly node?: string;
  /** The whole CloudEvents type. */
  readonly type?: string;
  /** Events above this position. */
  readonly after?: number;
  /** By position; `asc` unless given. */
  readonly order?: 'asc' | 'desc';
}

/** `id` is the event's id, which a proof is asked for by. */
export type EventItem = RecordedEvent & { readonly id: string };

type Bind = (value: unknown) => string;

const streamsOf = {
  checkpoint: (v: string) =>
    `select 'checkpoint/' || ${v} union select 'restore/' || id from restores where ledger = $1 and checkpoint = ${v}`,
  restore: (v: string) => `select 'restore/' || ${v}`,
  container: (v: string) =>
    `select 'container/' || ${v}
     union select 'checkpoint/' || id from checkpoints where ledger = $1 and container = ${v}
     union select 'restore/' || id from restores where ledger = $1 and container = ${v}`,
  node: (v: string) =>
    `select 'node/' || ${v}
     union select 'container/' || id from containers where ledger = $1 and node = ${v}
     union select 'checkpoint/' || id from checkpoints where ledger = $1 and node = ${v}
     union select 'restore/' || id from restores where ledger = $1 and node = ${v}`,
} as const;

function conditionsOf(filter: EventFilter, bind: Bind): string[] {
  const { type, after, cursor, order = 'asc' } = filter;
  const conditions: string[] = [];
  for (const [name, streams] of Object.entries(streamsOf) as [keyof typeof streamsOf, (v: string) => string][]) {
    const value = filter[name];
    if (value !== undefined) conditions.push(`e.stream in (${streams(`${bind(value)}::text`)})`);
  }
  if (type !== undefined) conditions.push(`e.type = ${bind(type)}`);
  if (after !== undefined) conditions.push(`e.position > ${bind(String(after))}::bigint`);
  if (cursor !== undefined)
    conditions.push(`e.position ${order === 'asc' ? '>' : '<'} ${bind(parseCursor(cursor))}::bigint`);
  return conditions;
}

/** One page of a ledger's events; all filters must fit. */
export async function listEvents(sql: Sql, filter: EventFilter = {}): Promise<Page<EventItem>> {
  const { ledger = defaultLedger, limit = defaultLimit, order = 'asc' } = filter;
  const values: unknown[] = [ledger, limit + 1];
  const conditions = conditionsOf(filter, (value) => `$${values.push(value)}`);
  const direction = order === 'asc' ? 'asc' : 'desc';
  const rows = await sql.query<{ head: number } & (EventRow | { leaf: null })>(
    `select h.head, r.* from (select coalesce((select position from ledger_heads where ledger = $1), 0)::float8 as head) h
     left join (select ${eventColumns} from events e where ${['e.ledger = $1', ...conditions].join(' and ')}
                order by e.position ${direction} limit $2::int) r on true
     order by r.position ${direction}`,
    values,
  );
  const found = rows.flatMap((row) => (row.leaf === null ? [] : [recordedOf(row)]));
  const page = found.slice(0, limit);
  return {
    items: page.map((recorded) => ({ id: recorded.event.id, ...recorded })),
    next: found.length > limit ? String(page.at(-1)?.position) : null,
    position: rows[0]?.head ?? 0,
  };
}
