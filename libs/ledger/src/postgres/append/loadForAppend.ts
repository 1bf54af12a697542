import { type Noun, nounOf, type ViewRow, ViewRows } from '../../projection.ts';
import { type Known, streamKey } from '../../plan.ts';
import type { PreparedAppend } from '../../prepare.ts';
import type { Sql } from '../database.ts';

/**
 * All that is needed to decide a batch beside the heads, in one statement: stream versions, which event ids are recorded,
 * and the read-model rows its events would change.
 */
const statement = `
  select 'version' as kind, s.ledger, s.stream as name, v.version::float8 as number, null::json as body
    from unnest($1::text[], $2::text[]) as s(ledger, stream)
    cross join lateral (select e.version from events e where e.ledger = s.ledger and e.stream = s.stream
                        order by e.version desc limit 1) v
  union all
  select 'event', '', event_id, 0, null from events where event_id = any($3::text[])
  union all
  select 'checkpoint', p.ledger, p.id, p.created::float8, p.body
    from unnest($4::text[], $5::text[]) as w(ledger, id) join checkpoints p using (ledger, id)
  union all
  select 'restore', p.ledger, p.id, p.created::float8, p.body
    from unnest($6::text[], $7::text[]) as w(ledger, id) join restores p using (ledger, id)
  union all
  select 'container', p.ledger, p.id, p.created::float8, p.body
    from unnest($8::text[], $9::text[]) as w(ledger, id) join containers p using (ledger, id)
  union all
  select 'node', p.ledger, p.id, p.created::float8, p.body
    from unnest($10::text[], $11::text[]) as w(ledger, id) join nodes p using (ledger, id)`;

interface LoadedRow {
  readonly kind: 'version' | 'event' | Noun;
  readonly ledger: string;
  readonly name: string;
  readonly number: number;
  readonly body: ViewRow['view'] | null;
}

/** Adds to `known` and `views` what the store has of these appends. */
export async function loadForAppend(
  sql: Sql,
  appends: readonly Pick<PreparedAppend, 'ledger' | 'stream' | 'events'>[],
  { known, views }: { readonly known: Known; readonly views: ViewRows },
): Promise<void> {
  if (appends.length === 0) return;
  const streams = uniquePairs(appends.map(({ ledger, stream }) => [ledger, stream]));
  const subjects = (noun: Noun): [string[], string[]] =>
    uniquePairs(
      appends.flatMap(({ ledger, events }) =>
        events.filter((event) => nounOf({ event }) === noun).map((event): [string, string] => [ledger, event.subject]),
      ),
    );
  const rows = await sql.query<LoadedRow>(statement, [
    ...streams,
    appends.flatMap(({ events }) => events.map(({ id }) => id)),
    ...subjects('checkpoint'),
    ...subjects('restore'),
    ...subjects('container'),
    ...subjects('node'),
  ]);
  for (const { kind, ledger, name, number, body } of rows) {
    if (kind === 'version') known.versions.set(streamKey(ledger, name), number);
    else if (kind === 'event') known.eventIds.add(name);
    else if (body !== null) views.load(kind, ledger, name, { view: body, created: number, isNew: false });
  }
}

function uniquePairs(pairs: readonly (readonly [string, string])[]): [string[], string[]] {
  const unique = [...new Map(pairs.map((pair) => [pair.join('\n'), pair])).values()];
  return [unique.map(([first]) => first), unique.map(([, second]) => second)];
}
