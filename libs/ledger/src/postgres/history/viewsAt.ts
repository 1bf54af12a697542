import type { RecordedEvent } from '@stasis/events';
import {
  type CheckpointPhase,
  type CheckpointView,
  type ContainerView,
  type NodeView,
  projectCheckpoint,
  projectContainer,
  projectNode,
} from '@stasis/lifecycle';
import type { Sql } from '../database.ts';
import { eventColumns, type EventRow, recordedOf } from '../read/rows.ts';
import { defaultLimit, type Page, parseCursor } from '../views/viewPage.ts';
import { type FleetFilter, fleetAt } from './fleetAt.ts';
import type { Moment } from './moments.ts';

/** Each stream's events known at a moment that had happened by then, folded in order of position. */
async function foldAt<View>(
  sql: Sql,
  { ledger, position, validAt }: Moment,
  streams: readonly string[],
  fold: (view: View | undefined, recorded: RecordedEvent) => View,
  begins: (recorded: RecordedEvent) => boolean = () => true,
): Promise<Map<string, View>> {
  const rows = await sql.query<EventRow>(
    `select ${eventColumns} from events e where e.ledger = $1 and e.stream = any($2::text[]) and e.position <= $3::bigint
        and e.occurred <= $4::timestamptz order by e.position`,
    [ledger, streams, position, validAt ?? 'infinity'],
  );
  const views = new Map<string, View>();
  for (const recorded of rows.map(recordedOf)) {
    const view = views.get(recorded.stream);
    // What came of a request counts from the instant of the request on, whatever the clocks of nodes say.
    if (view !== undefined || begins(recorded)) views.set(recorded.stream, fold(view, recorded));
  }
  return views;
}

/** Containers as `listContainers` would have shown them at a moment, by name. */
export async function containersAt(sql: Sql, moment: Moment, filter: FleetFilter): Promise<Page<ContainerView>> {
  const { items, next } = await fleetAt(sql, moment, filter);
  const streams = items.map(({ container }) => `container/${container}`);
  const views = await foldAt(sql, moment, streams, projectContainer);
  return {
    items: streams.flatMap((stream) => views.get(stream) ?? []),
    next,
    position: moment.position,
  };
}

export interface CheckpointsAtFilter {
  readonly container?: string;
  readonly node?: string;
  readonly phase?: CheckpointPhase;
  readonly limit?: number;
  readonly cursor?: string;
}

const candidates = 500;
/** So many are looked at for one page; then it ends short, and its cursor goes on. */
const mostCandidates = 5000;

/**
 * Checkpoints as `listCheckpoints` would have shown them at a moment, newest request first. A page can be shorter than
 * its limit and yet have a next one: the phase of then is no column of today.
 */
export async function checkpointsAt(
  sql: Sql,
  moment: Moment,
  filter: CheckpointsAtFilter = {},
): Promise<Page<CheckpointView>> {
  const { limit = defaultLimit, phase } = filter;
  const items: CheckpointView[] = [];
  let { cursor } = filter;
  for (let looked = 0; looked < mostCandidates; looked += candidates) {
    const ids = await requestedBefore(sql, moment, { ...filter, ...(cursor !== undefined && { cursor }) });
    const streams = ids.map(({ id }) => `checkpoint/${id}`);
    const isRequest = ({ version }: RecordedEvent): boolean => version === 1;
    const views = await foldAt(sql, moment, streams, projectCheckpoint, isRequest);
    for (const { id, created } of ids) {
      if (items.length === limit) return { items, next: cursor ?? null, position: moment.position };
      const view = views.get(`checkpoint/${id}`);
      if (view !== undefined && (phase === undefined || view.phase === phase)) items.push(view);
      cursor = String(created);
    }
    if (ids.length < candidates) return { items, next: null, position: moment.position };
  }
  return { items, next: cursor ?? null, position: moment.position };
}

function requestedBefore(
  sql: Sql,
  { ledger, position }: Moment,
  { container, node, cursor }: CheckpointsAtFilter,
): Promise<{ id: string; created: number }[]> {
  const values: unknown[] = [ledger, position];
  const bind = (value: unknown): string => `$${values.push(value)}`;
  const conditions = [
    'p.ledger = $1 and p.created <= $2::bigint',
    ...(container === undefined ? [] : [`p.container = ${bind(container)}`]),
    ...(node === undefined ? [] : [`p.node = ${bind(node)}`]),
    ...(cursor === undefined ? [] : [`p.created < ${bind(parseCursor(cursor))}::bigint`]),
  ];
  return sql.query(
    `select p.id, p.created::float8 as created from checkpoints p where ${conditions.join(' and ')}
      order by p.created desc limit ${candidates}`,
    values,
  );
}

/** All nodes as they were at a moment of the ledger that holds nodes. */
export async function nodesAt(sql: Sql, moment: Moment): Promise<NodeView[]> {
  const rows = await sql.query<{ id: string }>('select id from nodes where ledger = $1 order by id', [moment.ledger]);
  const streams = rows.map(({ id }) => `node/${id}`);
  return [...(await foldAt(sql, moment, streams, projectNode)).values()];
}
