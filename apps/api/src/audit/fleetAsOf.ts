import { type AnswerOf, routes } from '@stasis/api-contract';
import { StasisError } from '@stasis/errors';
import { systemLedger } from '@stasis/events';
import { fleetAt, type FleetItem, fleetTotals, instantsOf, momentOf, nodesAt } from '@stasis/ledger/postgres';
import type { NodeView } from '@stasis/lifecycle';
import { findContainer } from '../containers/findContainer.ts';
import { type Call, implement, type Implemented } from '../http/implement.ts';
import type { Platform } from '../platform.ts';
import { momentAsked } from './moment.ts';
import { cursorOf, openCursor, recordRead } from './recordRead.ts';

const route = routes.fleetAsOf;
const question = 'as-of';
const mostNodesNamed = 16;

/**
 * GET /v1/audit/as-of: what ran where, and what could have been restored and where. Further pages are of the same
 * moment: the event that recorded the question says its position.
 */
export const fleetAsOf = (platform: Platform): Implemented => implement(route, (call) => answer(platform, call));

async function answer(platform: Platform, call: Call<typeof route>): Promise<AnswerOf<typeof route>> {
  const { query, actor } = call;
  const { database } = platform.ledger;
  const validAt = oneInstant(query);
  const opened =
    query.cursor === undefined ? undefined : await openCursor(platform, actor, query.cursor, { question, query });
  const asked = opened === undefined ? query.asOf : String(opened.position);
  const moment = await momentAsked(platform, { ledger: query.ledger, asOf: asked, validAt });
  const { node, name, status, container, limit } = query;
  const { items, next } = await fleetAt(database, moment, {
    limit,
    ...(node !== undefined && { node }),
    ...(name !== undefined && { name }),
    ...(status !== undefined && { status }),
    ...(container !== undefined && { container: (await findContainer(database, container)).id }),
    ...(opened !== undefined && { cursor: opened.place }),
  });
  const instants = await instantsOf(database, moment);
  const nodes = await nodesThen(platform, instants?.recorded, validAt);
  const ageAt = Date.parse(
    validAt ?? (query.asOf === undefined ? undefined : instants?.recorded) ?? new Date().toISOString(),
  );
  const shown = items.map((item) => shownOf(item, nodes, ageAt));
  const { position, ledger } = moment;
  const read =
    opened?.read ??
    (await recordRead(platform, actor, { question, query, ledger, position, rows: shown, more: next !== null }));
  call.reflects(ledger, position);
  return {
    items: shown,
    next: next === null ? null : cursorOf(next, read),
    totals: await fleetTotals(database, moment),
    position,
    knownAt: instants?.recorded ?? null,
    validAt: validAt ?? null,
    ledgerBegins: instants?.first ?? null,
    consistency: 'strong',
    read,
  };
}

/** @throws StasisError BadRequest where `at` and `validAt` say different things. */
function oneInstant({ at, validAt }: Call<typeof route>['query']): string | undefined {
  if (at !== undefined && validAt !== undefined && at !== validAt)
    throw new StasisError('BadRequest', 'at and validAt are two names of one instant: give one of them');
  return validAt ?? at;
}

/** Nodes are in a ledger of their own: what was known of them when the fleet's last event was recorded. */
async function nodesThen(
  { ledger: { database } }: Platform,
  knownAt: string | undefined,
  validAt: string | undefined,
): Promise<readonly NodeView[]> {
  if (knownAt === undefined) return [];
  const moment = await momentOf(database, {
    ledger: systemLedger,
    asOf: knownAt,
    ...(validAt !== undefined && { validAt }),
  });
  return nodesAt(database, moment);
}

function shownOf(item: FleetItem, nodes: readonly NodeView[], ageAt: number): AnswerOf<typeof route>['items'][number] {
  const { checkpoint } = item;
  const fit =
    checkpoint === null
      ? []
      : nodes.filter(
          ({ agents, runtime }) =>
            agents.restorer?.status === 'joined' &&
            runtime !== undefined &&
            (checkpoint.runtime === null || checkpoint.runtime === `${runtime.name} ${runtime.version}`),
        );
  return {
    ...item,
    checkpoint: checkpoint && {
      ...checkpoint,
      ageSeconds: Math.max(0, Math.round((ageAt - Date.parse(checkpoint.capturedAt)) / 1000)),
    },
    restorableOn: fit.slice(0, mostNodesNamed).map(({ id }) => id),
    restorableOnCount: fit.length,
  };
}
