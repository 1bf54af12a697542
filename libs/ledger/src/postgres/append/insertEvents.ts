import type { PlannedEvent } from '../../plan.ts';
import type { Sql } from '../database.ts';
import type { Mark, MarkRow } from './readMarks.ts';

/** Channel that says, with the ledger's name, that a ledger grew. */
export const growthChannel = 'stasis_ledger';

/**
 * Writes the rows, moves the heads and tells the listeners, in one statement. Only the leaf is sent: each other column is
 * derived from it here, so they cannot disagree. Leaves come as lines of one text (canonical JSON holds no line break),
 * which spares both sides the quoting of an array. `offset 0` keeps the leaf from being parsed once per column.
 */
const statement = `
  with inserted as (
    insert into events (ledger, position, stream, version, event_id, type, subject, source, occurred, recorded, auth_id,
                        correlation_id, data, leaf, leaf_hash)
    select r.ledger, r.position, r.stream, r.version, j->>'id', j->>'type', j->>'subject', j->>'source',
           (j->>'time')::timestamptz, (j->>'recordedtime')::timestamptz, j->>'authid', j->>'correlationid', j->'data',
           b, sha256('\\x00'::bytea || b)
    from (select u.*, u.leaf::jsonb as j, convert_to(u.leaf, 'UTF8') as b
          from rows from (unnest($1::text[]), unnest($2::bigint[]), unnest($3::text[]), unnest($4::int[]),
                          string_to_table($5, E'\\n')) as u(ledger, position, stream, version, leaf)
          offset 0) r
  ), moved as (
    insert into ledger_heads (ledger, position)
    select ledger, max(position) from unnest($1::text[], $2::bigint[]) as u(ledger, position) group by ledger
    on conflict (ledger) do update set position = excluded.position
    returning ledger, position
  )
  select ledger, position::float8 as position, pg_current_xact_id()::xid::text as written,
         pg_notify('${growthChannel}', ledger)::text as told from moved`;

/** Returns what `readMarks` will give for each ledger as long as nobody appends after this transaction. */
export async function insertEvents(sql: Sql, events: readonly PlannedEvent[]): Promise<Map<string, Mark>> {
  const rows = await sql.query<MarkRow>(statement, [
    events.map(({ ledger }) => ledger),
    events.map(({ position }) => String(position)),
    events.map(({ stream }) => stream),
    events.map(({ version }) => version),
    events.map(({ leaf }) => leaf).join('\n'),
  ]);
  return new Map(rows.map(({ ledger, position, written }) => [ledger, { position, written }]));
}
