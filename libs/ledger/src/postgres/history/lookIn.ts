import type { Sql } from '../database.ts';
import { eventColumns, type EventRow } from '../read/rows.ts';
import type { TimeRange } from './overlappingRuns.ts';
import type { Window } from './windows.ts';

/** An event as its row has it: the leaf is its RFC 8785 text. */
export interface Hit extends EventRow {
  /** Free text of its reason; null = none, or erased. */
  readonly text: string | null;
}

export interface Look {
  readonly ledger: string;
  readonly window: Window;
  readonly terms: readonly string[];
  readonly filter: TimeRange;
  readonly order: 'asc' | 'desc';
  readonly limit: number;
}

/**
 * The first events of a window that have all terms and lie in the time range. With the window's own term the index is
 * asked; without, the rows are read one after the other, and `is true` keeps the planner from asking the index there.
 */
export async function lookIn(sql: Sql, { ledger, window, terms, filter, order, limit }: Look): Promise<Hit[]> {
  const values: unknown[] = [ledger, window.low, window.high, limit];
  const bind = (value: unknown): string => `$${values.push(value)}`;
  const times = timeConditions(filter, bind);
  const withTerms = window.term === undefined ? terms : [...terms, window.term];
  const contains = withTerms.length === 0 ? [] : [`f.terms @> ${bind(withTerms)}::text[]`];
  const place = `ledger = $1 and position >= $2::bigint and position < $3::bigint`;
  const first = `order by position ${order} limit $4::int`;
  const hits =
    window.term === undefined
      ? `page as materialized (select f.position from event_facets f
           where ${[place, ...contains.map((one) => `(${one}) is true`), ...times].join(' and ')} ${first})`
      : `named as materialized (select f.ledger, f.position from event_facets f where ${[...contains, ...times].join(' and ')}),
         page as materialized (select position from named where ${place} ${first})`;
  return sql.query<Hit>(
    `with ${hits}
     select e.*, t.text from page p
       cross join lateral (select ${eventColumns}, event_id from events where ledger = $1 and position = p.position) e
       left join event_texts t on t.event_id = e.event_id
      order by p.position ${order}`,
    values,
  );
}

function timeConditions(range: TimeRange, bind: (value: unknown) => string): string[] {
  const { occurredFrom, occurredTo, recordedFrom, recordedTo } = range;
  const bounds = [
    ['f.occurred >=', occurredFrom],
    ['f.occurred <', occurredTo],
    ['f.recorded >=', recordedFrom],
    ['f.recorded <', recordedTo],
  ] as const;
  return bounds.flatMap(([test, value]) => (value === undefined ? [] : [`${test} ${bind(value)}::timestamptz`]));
}
