import { type Noun, nounOf, type ViewRow, ViewRows } from '../../projection.ts';
import { type Known, streamKey } from '../../plan.ts';
import type { PreparedAppend } from '../../prepare.ts';
import type { Sql } from '../database.ts';

/**
 * All that is needed to decide a batch, in one statement: heads, stream versions, which event ids are recorded, and the
 * read-model rows its events would change.
 */
const statement = `
  select 'head' as kind, ledger, '' as name, position::float8 as number, null::json as body
    from ledger_heads where ledger = any($1::text[])
  union all
  select 'version', s.ledger, s.stream, v.version::float8, null
    from unnest($2::text[], $3::text[]) as s(ledger, stream)
    cross join lateral (select e.version from events e where e.ledger = s.ledger and e.stream = s.stream
                        order by e.version desc limit 1) v
  union all
  select 'event', '', event_id, 0, null from events where event_id = any($4::text[])
  union all
  select 'checkpoint', p.ledger, p.id, p.created::float8, p.body
    from unnest($5::text[], $6::text[]) as w(ledger, id) join checkpoints p using (ledger, id)
  union all
  select 'restore', p.ledger, p.id, p.created::float8, p.body
    from unnest($7::text[], $8::text[]) as w(ledger, id) join restores p using (ledger, id)
  union all
  select 'container', p.ledger, p.id, p.created::float8, p.body
    from unnest($9::text[], $10::text[]) as w(ledger, id) join containers p using (ledger, id)
  union all
  select 'node', p.ledger, p.id, p.created::float8, p.body
    from unnest($11::text[], $12::text[]) as w(ledger, id) join nodes p using (ledger, id)`;

interface LoadedRow {
  readonly kind: 'head' | 'version' | 'event' | Noun;
  readonly ledger: string;
  readonly name: string;
  readonly number: number;
  readonly body: ViewRow['view'] | null;
}

export async function loadForAppend(
  sql: Sql,
  appends: readonly Pick<PreparedAppend, 'ledger' | 'stream' | 'events'>[],
): Promise<{ readonly known: Known; readonly views: ViewRows }> {
  const streams = uniquePairs(appends.map(({ ledger, stream }) => [ledger, stream]));
  const subjects = (noun: Noun): [string[], string[]] =>
    uniquePairs(
      appends.flatMap(({ ledger, events }) =>
        events.filter((event) => nounOf({ event }) === noun).map((event): [string, string] => [ledger, event.subject]),
      ),
    );
  const rows = await sql.query<LoadedRow>(statement, [
    [...new Set(appends.map(({ ledger }) => ledger))],
    ...streams,
    appends.flatMap(({ events }) => events.map(({ id }) => id)),
    ...subjects('checkpoint'),
    ...subjects('restore'),
    ...subjects('container'),
    ...subjects('node'),
  ]);
  const known: Known = { heads: new Map(), versions: new Map(), eventIds: new Set() };
  const views = new ViewRows();
  for (const { kind, ledger, name, number, body } of rows) {
    if (kind === 'head') known.heads.set(ledger, number);
    else if (kind === 'version') known.versions.set(streamKey(ledger, name), number);
    else if (kind === 'event') known.eventIds.add(name);
    else if (body !== null) views.load(kind, ledger, name, { view: body, created: number, isNew: false });
  }
  return { known, views };
}

function uniquePairs(pairs: readonly (readonly [string, string])[]): [string[], string[]] {
  const unique = [...new Map(pairs.map((pair) => [pair.join('\n'), pair])).values()];
  return [unique.map(([first]) => first), unique.map(([, second]) => second)];
}
