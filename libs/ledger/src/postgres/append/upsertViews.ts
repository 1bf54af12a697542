import type { Noun, ViewRow, ViewRows, Views } from '../../projection.ts';
import type { Sql } from '../database.ts';

/**
 * Columns of the read models: the view as `body`, and copies of it to filter and sort by. They are derived from `body` in
 * the statement, as `recordset` columns would be, so that there is one description of a row.
 */
const derived: { readonly [N in Noun]: Readonly<Record<string, string>> } = {
  checkpoint: {
    node: `b->>'node'`,
    container: `b->>'container'`,
    phase: `b->>'phase'`,
    open: `b->>'endedAt' is null`,
    deadline: `(b->>'deadline')::timestamptz`,
  },
  restore: {
    checkpoint: `b->>'checkpoint'`,
    node: `b->>'node'`,
    container: `b->>'container'`,
    phase: `b->>'phase'`,
    open: `b->>'endedAt' is null`,
    deadline: `(b->>'deadline')::timestamptz`,
  },
  container: {
    node: `b->>'node'`,
    name: `b->>'name'`,
    status: `b->>'status'`,
    open: `jsonb_array_length(b->'openRequests') > 0`,
    deadline: `(b->>'deadline')::timestamptz`,
  },
  node: {
    status: `case when jsonb_path_exists(b, '$.agents.*.status ? (@ == "joined")') then 'joined' else 'lost' end`,
  },
};

export const tableOf = (noun: Noun): string => `${noun}s`;

function statementFor(noun: Noun): string {
  const columns = Object.entries({
    ledger: `b->>'ledger'`,
    id: `b->>'id'`,
    created: 'created',
    position: `(b->>'position')::bigint`,
    body: 'b',
    ...derived[noun],
  });
  const names = columns.map(([name]) => name);
  const changing = names.filter((name) => !['ledger', 'id', 'created'].includes(name));
  return `insert into ${tableOf(noun)} (${names.join(', ')})
    select ${columns.map(([, expression]) => expression).join(', ')}
    from (select u.body::jsonb as b, u.created from unnest($1::text[], $2::bigint[]) as u(body, created) offset 0) r
    on conflict (ledger, id) do update set ${changing.map((name) => `${name} = excluded.${name}`).join(', ')}
    returning 1 as one`;
}

const statements: { readonly [N in Noun]: string } = {
  checkpoint: statementFor('checkpoint'),
  restore: statementFor('restore'),
  container: statementFor('container'),
  node: statementFor('node'),
};

/** Writes the rows of one read model that a fold changed. */
export async function upsertViews<N extends Noun>(sql: Sql, noun: N, rows: readonly ViewRow<N>[]): Promise<void> {
  if (rows.length === 0) return;
  await sql.query(statements[noun], [
    rows.map(({ view }: { view: Views[N] }) => JSON.stringify(view)),
    rows.map(({ created }) => String(created)),
  ]);
}

export async function upsertAllViews(sql: Sql, views: ViewRows): Promise<void> {
  await upsertViews(sql, 'checkpoint', views.changed('checkpoint'));
  await upsertViews(sql, 'restore', views.changed('restore'));
  await upsertViews(sql, 'container', views.changed('container'));
  await upsertViews(sql, 'node', views.changed('node'));
}
