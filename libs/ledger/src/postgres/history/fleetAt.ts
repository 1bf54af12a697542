import type { ContainerView } from '@stasis/lifecycle';
import type { Sql } from '../database.ts';
import { defaultLimit } from '../views/viewPage.ts';
import type { Moment } from './moments.ts';
import { type NewestReady, newestReadyOf, type NewestReadyRow, newestReadyThen } from './newestReady.ts';

type ContainerStatus = ContainerView['status'];

export interface FleetFilter {
  readonly node?: string;
  /** Bare name. */
  readonly name?: string;
  /** `<node>/<name>`. */
  readonly container?: string;
  readonly containers?: readonly string[];
  readonly status?: ContainerStatus;
  /** Those that were gone, too. */
  readonly gone?: boolean;
  readonly limit?: number;
  /** `next` of the page before: the container it ended with. */
  readonly cursor?: string;
}

/** A container as it was, with the newest checkpoint that a restore could have used. */
export interface FleetItem {
  readonly container: string;
  readonly node: string;
  readonly name: string;
  readonly status: ContainerStatus;
  readonly generation: number;
  readonly run: string | null;
  /** Since when it was so, ISO 8601. */
  readonly since: string;
  readonly checkpoint: NewestReady | null;
}

/** What a container was: the last row in force at the instant, of those known; of two for one instant the later known. */
const stateThen = `
  select h.valid_from, h.status, h.generation, h.run from container_history h
   where h.ledger = $1 and h.container = c.id collate "C" and h.valid_from <= $2::timestamptz and h.from_position <= $3::bigint
   order by h.valid_from desc, h.from_position desc limit 1`;

interface FleetRow extends NewestReadyRow {
  readonly id: string;
  readonly node: string;
  readonly name: string;
  readonly valid_from: Date;
  readonly status: ContainerStatus;
  readonly generation: number;
  readonly run: string | null;
}

/** One page of the fleet at a moment, by name of container. */
export async function fleetAt(
  sql: Sql,
  moment: Moment,
  filter: FleetFilter = {},
): Promise<{ readonly items: readonly FleetItem[]; readonly next: string | null }> {
  const { limit = defaultLimit } = filter;
  const values: unknown[] = [moment.ledger, moment.validAt ?? 'infinity', moment.position, limit + 1];
  const bind = (value: unknown): string => `$${values.push(value)}`;
  const named = ['c.ledger = $1', ...namesOf(filter, bind)];
  // Few are named: they are found first, else the planner may look at every container in order of id for the page's sake.
  const isFiltered = named.length > 1;
  const rows = await sql.query<FleetRow>(
    `with named as ${isFiltered ? '' : 'not '}materialized (
       select c.id, c.node, c.name from containers c where ${[...named, ...pageOf(filter, bind)].join(' and ')}),
     page as materialized (
       select c.*, h.* from named c cross join lateral (${stateThen}) h
        where ${stateOf(filter, bind)} order by c.id limit $4::int)
     select c.*, k.* from page c left join lateral (${newestReadyThen}) k on true order by c.id`,
    values,
  );
  const page = rows.slice(0, limit);
  return { items: page.map(itemOf), next: rows.length > limit ? page.at(-1)!.id : null };
}

type Bind = (value: unknown) => string;

const namesOf = ({ node, name, container, containers }: FleetFilter, bind: Bind): string[] => [
  ...(node === undefined ? [] : [`c.node = ${bind(node)}`]),
  ...(name === undefined ? [] : [`c.name = ${bind(name)}`]),
  ...(container === undefined ? [] : [`c.id = ${bind(container)}`]),
  ...(containers === undefined ? [] : [`c.id = any(${bind(containers)}::text[])`]),
];

const pageOf = ({ cursor }: FleetFilter, bind: Bind): string[] =>
  cursor === undefined ? [] : [`c.id > ${bind(cursor)}`];

const stateOf = ({ status, gone = false }: FleetFilter, bind: Bind): string =>
  status !== undefined ? `h.status = ${bind(status)}` : gone ? 'true' : `h.status <> 'gone'`;

const itemOf = (row: FleetRow): FleetItem => ({
  container: row.id,
  node: row.node,
  name: row.name,
  status: row.status,
  generation: row.generation,
  run: row.run,
  since: row.valid_from.toISOString(),
  checkpoint: newestReadyOf(row),
});

export interface FleetTotals {
  /** Containers that were there, by status; without those that were gone. */
  readonly byStatus: Readonly<Partial<Record<ContainerStatus, number>>>;
  readonly containers: number;
  /** Of these, how many had a checkpoint that a restore could have used. */
  readonly withCheckpoint: number;
}

/**
 * The whole fleet at a moment, counted in one pass over its history instead of one look for each container. The history
 * is read backwards in the order of its key, so that the first row met of a container is the one in force.
 */
export async function fleetTotals(sql: Sql, moment: Moment): Promise<FleetTotals> {
  const rows = await sql.query<{ status: ContainerStatus; containers: number; with_checkpoint: number }>(
    `select status, count(*)::int as containers, count(r.container)::int as with_checkpoint
       from (select distinct on (container) container, status from container_history
              where ledger = $1 and valid_from <= $2::timestamptz and from_position <= $3::bigint
              order by container desc, valid_from desc, from_position desc) fleet
       left join (select distinct container from checkpoint_history
                   where ledger = $1 and captured_at <= $2::timestamptz and valid_from <= $2::timestamptz
                     and from_position <= $3::bigint
                     and (to_position is null or to_position > $3::bigint or valid_to > $2::timestamptz)) r
         using (container)
      where status <> 'gone' group by status`,
    [moment.ledger, moment.validAt ?? 'infinity', moment.position],
  );
  const sum = (of: (row: (typeof rows)[number]) => number): number => rows.reduce((all, row) => all + of(row), 0);
  return {
    byStatus: Object.fromEntries(rows.map(({ status, containers }) => [status, containers])),
    containers: sum((row) => row.containers),
    withCheckpoint: sum((row) => row.with_checkpoint),
  };
}
