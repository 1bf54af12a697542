import { type AnswerOf, auditEventOf, routes } from '@stasis/api-contract';
import { StasisError } from '@stasis/errors';
import { keyOf, systemLedger, typeOf, type EventKey } from '@stasis/events';
import { type EventFilter, getEventTexts, listEvents } from '@stasis/ledger/postgres';
import { findContainer } from '../containers/findContainer.ts';
import { type Call, implement, type Implemented } from '../http/implement.ts';
import type { Platform } from '../platform.ts';

const list = routes.listEvents;
const get = routes.getEvent;

/** GET /v1/audit/events and /v1/audit/events/:id. */
export const readEvents = (platform: Platform): Implemented[] => [
  implement(list, (call) => page(platform, call)),
  implement(get, (call) => one(platform, call)),
];

async function page(platform: Platform, call: Call<typeof list>): Promise<AnswerOf<typeof list>> {
  const { database } = platform.ledger;
  const filter = await filterOf(platform, call.query);
  const { items, next, position } = await listEvents(database, filter);
  const texts = await getEventTexts(
    database,
    items.map(({ id }) => id),
  );
  call.reflects(filter.ledger ?? 'default', position);
  return { items: items.map((item) => auditEventOf(item, texts.get(item.id)?.text)), next, position };
}

async function filterOf(platform: Platform, query: Call<typeof list>['query']): Promise<EventFilter> {
  const { ledger, checkpoint, restore, container, node, type, order, limit, cursor } = query;
  const found = container === undefined ? undefined : await findContainer(platform.ledger.database, container);
  const whole = type === undefined ? undefined : typeNamed(type);
  // Events of nodes themselves are in the system ledger; a type names its ledger.
  const home = ledger ?? (whole?.startsWith('dev.stasis.node.') === true ? systemLedger : undefined);
  return {
    limit,
    order,
    ...(home !== undefined && { ledger: home }),
    ...(cursor !== undefined && { cursor }),
    ...(checkpoint !== undefined && { checkpoint }),
    ...(restore !== undefined && { restore }),
    ...(found !== undefined && { container: found.id }),
    ...(node !== undefined && { node }),
    ...(whole !== undefined && { type: whole }),
  };
}

/** `checkpoint.ready` or the whole type. @throws StasisError BadRequest for one that is not in the catalogue. */
function typeNamed(text: string): string {
  if (keyOf(text) !== undefined) return text;
  const whole = typeOf(text as EventKey);
  if (keyOf(whole) !== undefined) return whole;
  throw new StasisError('BadRequest', `"${text}" is not an event type`, { next: 'docs/events.md lists them.' });
}

async function one(platform: Platform, call: Call<typeof get>): Promise<AnswerOf<typeof get>> {
  const { id } = call.params;
  const found = await platform.ledger.findEvent(id);
  if (found === undefined) throw eventNotFound(id);
  const texts = await getEventTexts(platform.ledger.database, [id]);
  call.reflects(found.ledger, Math.max(found.position, platform.heads.get(found.ledger)));
  return auditEventOf(found, texts.get(id)?.text);
}

export const eventNotFound = (id: string): StasisError =>
  new StasisError('EventNotFound', `no event ${id} is known`, { next: 'GET /v1/audit/events lists them.' });
