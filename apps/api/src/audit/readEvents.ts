import { type AnswerOf, auditEventOf, routes } from '@stasis/api-contract';
import { StasisError } from '@stasis/errors';
import { defaultLedger } from '@stasis/events';
import { getEventTexts, listEvents } from '@stasis/ledger/postgres';
import { type Call, implement, type Implemented } from '../http/implement.ts';
import type { Platform } from '../platform.ts';
import { filterOf } from './eventFilter.ts';
import { cursorOf, openCursor, recordRead } from './recordRead.ts';

const list = routes.listEvents;
const get = routes.getEvent;
const question = 'events';

/** GET /v1/audit/events and /v1/audit/events/:id. */
export const readEvents = (platform: Platform): Implemented[] => [
  implement(list, (call) => page(platform, call)),
  implement(get, (call) => one(platform, call)),
];

async function page(platform: Platform, call: Call<typeof list>): Promise<AnswerOf<typeof list>> {
  const { query, actor } = call;
  const { cursor, order, limit } = query;
  const filter = await filterOf(platform, query);
  const opened = cursor === undefined ? undefined : await openCursor(platform, actor, cursor, { question, query });
  const ledger = filter.ledger ?? defaultLedger;
  const found = await listEvents(platform.ledger.database, {
    ...filter,
    order,
    limit,
    ...(opened && { cursor: opened.place }),
  });
  const items = found.items.map((item) => auditEventOf(item, item.text));
  const { position } = found;
  const asked = { question, query, ledger, position, rows: items, more: found.next !== null } as const;
  const read = opened?.read ?? (await recordRead(platform, actor, asked));
  call.reflects(ledger, position);
  return {
    items,
    next: found.next === null ? null : cursorOf(found.next, read),
    position,
    consistency: 'strong',
    read,
    ...(order === 'asc' && found.next === null && { resume: cursorOf(position, read) }),
  };
}

async function one(platform: Platform, call: Call<typeof get>): Promise<AnswerOf<typeof get>> {
  const { id } = call.params;
  const found = await platform.ledger.findEvent(id);
  if (found === undefined) throw eventNotFound(id);
  const texts = await getEventTexts(platform.ledger.database, [id]);
  const position = Math.max(found.position, platform.heads.get(found.ledger));
  const event = auditEventOf(found, texts.get(id)?.text);
  const asked = {
    question: 'event',
    query: { id },
    ledger: found.ledger,
    position,
    rows: [event],
    more: false,
  } as const;
  await recordRead(platform, call.actor, asked);
  call.reflects(found.ledger, position);
  return event;
}

export const eventNotFound = (id: string): StasisError =>
  new StasisError('EventNotFound', `no event ${id} is known`, { next: 'GET /v1/audit/events lists them.' });
