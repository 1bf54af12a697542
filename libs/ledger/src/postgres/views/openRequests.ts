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
  // The asking event is a subquery, so that it is looked up for open rows only, however many events there are.
  const life = (noun: string): string =>
    `select p.ledger, '${noun}' as noun, p.id, p.node, p.deadline,
            (select e.event_id from events e where e.ledger = p.ledger and e.position = p.created) as request
       from ${noun}s p where p.open and ($1::timestamptz is null or p.deadline < $1::timestamptz)`;
  return sql.query<OpenRequest>(
    `select ledger, noun, id, request, node, ${iso('deadline')} as deadline from (
       ${life('checkpoint')} union all ${life('restore')} union all
       select p.ledger, 'container', p.id, p.node,
              (select (e.data->>'deadline')::timestamptz from events e where e.event_id = r->>'id'), r->>'id'
         from containers p cross join lateral json_array_elements(p.body->'openRequests') r where p.open
     ) o where $1::timestamptz is null or deadline < $1::timestamptz order by o.deadline, id limit $2::int`,
    [dueBefore?.toISOString() ?? null, limit],
  );
}
