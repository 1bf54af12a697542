import { type AnswerOf, auditEventOf, routes } from '@stasis/api-contract';
import { StasisError } from '@stasis/errors';
import { defaultLedger } from '@stasis/events';
import { containersOf, type EventItem, fleetAt, type FleetItem, listEvents } from '@stasis/ledger/postgres';
import { type Call, implement, type Implemented } from '../http/implement.ts';
import type { Platform } from '../platform.ts';
import { filterOf } from './eventFilter.ts';
import { momentAsked } from './moment.ts';
import { recordRead } from './recordRead.ts';

const route = routes.auditDiff;
type Answer = AnswerOf<typeof route>;

/** A person reads the answer: what is longer is asked for in parts, or exported. */
const mostEvents = 10_000;

/** GET /v1/audit/diff: what happened from one instant on and before another, and what it made of each container. */
export const auditDiff = (platform: Platform): Implemented => implement(route, (call) => answer(platform, call));

async function answer(platform: Platform, call: Call<typeof route>): Promise<Answer> {
  const { query, actor } = call;
  const { from, to, ...wanted } = query;
  if (Date.parse(from) >= Date.parse(to))
    throw new StasisError('BadRequest', `from (${from}) is not before to (${to})`);
  const { database } = platform.ledger;
  const filter = await filterOf(platform, { ...wanted, since: from, until: to });
  const { ledger = defaultLedger } = filter;
  const { items: events, next, position } = await listEvents(database, { ...filter, limit: mostEvents });
  if (next !== null)
    throw new StasisError('BadRequest', `more than ${mostEvents} events lie between ${from} and ${to}`, {
      next: 'Choose a shorter time or a filter, or export them.',
    });
  const containers = await containersOf(database, ledger, events);
  const names = [...new Set(containers.values())];
  const [before, after] = await Promise.all(
    [from, to].map(async (validAt) => stateAt(platform, ledger, position, validAt, names)),
  );
  const items = grouped(events, containers).map(([container, own]) => ({
    container,
    before: stateOf(before?.get(container ?? '')),
    after: stateOf(after?.get(container ?? '')),
    events: own.map((one) => auditEventOf(one, one.text)),
  }));
  const read = await recordRead(platform, actor, {
    question: 'diff',
    query,
    ledger,
    position,
    rows: items,
    more: false,
  });
  call.reflects(ledger, position);
  return { from, to, items, position, consistency: 'strong', read };
}

async function stateAt(
  platform: Platform,
  ledger: string,
  position: number,
  instant: string,
  containers: readonly string[],
): Promise<Map<string, FleetItem>> {
  const past = Date.parse(instant) > Date.now() ? {} : { validAt: instant };
  const moment = await momentAsked(platform, { ledger, asOf: String(position), ...past });
  const { items } = await fleetAt(platform.ledger.database, moment, {
    containers,
    gone: true,
    limit: containers.length + 1,
  });
  return new Map(items.map((item) => [item.container, item]));
}

const stateOf = (item: FleetItem | undefined): Answer['items'][number]['before'] =>
  item === undefined ? null : { status: item.status, generation: item.generation, since: item.since };

/** By container, by name; what belongs to none comes last. */
function grouped(
  events: readonly EventItem[],
  containers: ReadonlyMap<string, string>,
): (readonly [string | null, readonly EventItem[]])[] {
  const groups = Map.groupBy(events, ({ id }) => containers.get(id) ?? null);
  return [...groups].toSorted(([a], [b]) => (a === null ? 1 : b === null ? -1 : a < b ? -1 : 1));
}
