import { type AnswerOf, auditEventOf, routes } from '@stasis/api-contract';
import { defaultLedger, isId } from '@stasis/events';
import { containersOf, type EventItem, getCheckpoint, lineageOf, listEvents, storyOf } from '@stasis/ledger/postgres';
import { findContainer } from '../containers/findContainer.ts';
import { type Call, implement, type Implemented } from '../http/implement.ts';
import { checkpointNotFound } from '../notFound.ts';
import type { Platform } from '../platform.ts';
import { recordRead } from './recordRead.ts';

const route = routes.auditTrail;

interface Story {
  readonly kind: AnswerOf<typeof route>['kind'];
  readonly containers: readonly string[];
  /** Oldest first, one more than asked for where there are more. */
  readonly events: readonly Omit<EventItem, 'id'>[];
}

/** GET /v1/audit/trail: the story of a container, a checkpoint or an actor, across nodes and generations. */
export const auditTrail = (platform: Platform): Implemented => implement(route, (call) => answer(platform, call));

async function answer(platform: Platform, call: Call<typeof route>): Promise<AnswerOf<typeof route>> {
  const { query, actor } = call;
  const { of, limit, ledger = defaultLedger } = query;
  const position = await platform.ledger.head(ledger);
  const story = await storyAsked(platform, ledger, of, limit + 1);
  const told = story.events.slice(-limit);
  const containers = await containersOf(platform.ledger.database, ledger, told);
  const items = told.map((one) => ({
    container: containers.get(one.event.id) ?? null,
    event: auditEventOf(one, one.text),
  }));
  const more = story.events.length > limit;
  const read = await recordRead(platform, actor, { question: 'trail', query, ledger, position, rows: items, more });
  call.reflects(ledger, position);
  return {
    of,
    kind: story.kind,
    containers: [...story.containers],
    items,
    more,
    position,
    consistency: 'strong',
    read,
  };
}

async function storyAsked(platform: Platform, ledger: string, of: string, limit: number): Promise<Story> {
  const { database } = platform.ledger;
  if (isId('sub', of)) {
    const { items } = await listEvents(database, { ledger, actor: of, order: 'desc', limit });
    return { kind: 'actor', containers: [], events: items.toReversed() };
  }
  if (isId('ckp', of)) {
    const { item } = await getCheckpoint(database, of, ledger);
    if (item === undefined) throw checkpointNotFound(of);
    const { items } = await listEvents(database, { ledger, checkpoint: of, order: 'desc', limit });
    return { kind: 'checkpoint', containers: [item.container], events: items.toReversed() };
  }
  const container = await findContainer(database, of);
  const { containers, streams } = await lineageOf(database, ledger, [container.id]);
  const events = await storyOf(database, ledger, streams, limit);
  return {
    kind: 'container',
    containers,
    events: events.map(({ text, ...recorded }) => ({ ...recorded, ...(text !== null && { text }) })),
  };
}
