import type { Sql } from '../database.ts';

/** A request without a terminal event. */
export interface OpenRequest {
  readonly ledger: string;
  readonly noun: 'checkpoint' | 'restore' | 'container';
  /** Of the resource: checkpoint, restore, or `<node>/<name>` of a container. */
  readonly id: string;
  /** Id of the event that asked; checkpoints and restores have one a life, a container one a request. */
  readonly request: string;
  readonly node: string;
  /** ISO 8601; after it the recorder ends the request. */
  readonly deadline: string;
}

const iso = (expression: string): string =>
  `to_char(${expression} at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;

/** All open requests of all ledgers, the most overdue first; with `dueBefore`, those whose deadline is before it. */
export function openRequests(
  sql: Sql,
  { dueBefore, limit = 1000 }: { dueBefore?: Date; limit?: number } = {},
): Promise<OpenRequest[]> {
  const life = (noun: string): string =>
    `select p.ledger, '${noun}' as noun, p.id, e.event_id as request, p.node, p.deadline
       from ${noun}s p join events e on e.ledger = p.ledger and e.position = p.created where p.open`;
  return sql.query<OpenRequest>(
    `select ledger, noun, id, request, node, ${iso('deadline')} as deadline from (
       ${life('checkpoint')} union all ${life('restore')} union all
       select p.ledger, 'container', p.id, e.event_id, p.node, (e.data->>'deadline')::timestamptz
         from containers p cross join lateral json_array_elements(p.body->'openRequests') r
         join events e on e.event_id = r->>'id' where p.open
     ) o where $1::timestamptz is null or deadline < $1::timestamptz order by o.deadline, id limit $2::int`,
    [dueBefore?.toISOString() ?? null, limit],
  );
}
