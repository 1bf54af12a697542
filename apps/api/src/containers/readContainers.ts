import { type AnswerOf, type Page, routes } from '@stasis/api-contract';
import { containersAt, getContainer, listContainers, type Moment, newestReady } from '@stasis/ledger/postgres';
import type { ContainerView } from '@stasis/lifecycle';
import { asksForMoment, momentAsked } from '../audit/moment.ts';
import { type Call, implement, type Implemented } from '../http/implement.ts';
import type { Platform } from '../platform.ts';
import { unknown } from './findContainer.ts';

const list = routes.listContainers;
const get = routes.getContainer;

/** GET /v1/containers and /v1/containers/:node/:id. */
export const readContainers = (platform: Platform): Implemented[] => [
  implement(list, (call) => page(platform, call)),
  implement(get, (call) => one(platform, call)),
];

async function page(platform: Platform, call: Call<typeof list>): Promise<AnswerOf<typeof list>> {
  const { ledger, node, name, status, all, limit, cursor } = call.query;
  if (asksForMoment(call.query)) return pageAt(platform, call);
  const found = await listContainers(platform.ledger.database, {
    limit,
    ...(ledger !== undefined && { ledger }),
    ...(cursor !== undefined && { cursor }),
    ...(node !== undefined && { node }),
    ...(name !== undefined && { name }),
    ...(status !== undefined && { status }),
  });
  call.reflects(ledger ?? 'default', found.position);
  const withGone = all === true || status !== undefined;
  const items = found.items.filter((item) => withGone || item.status !== 'gone');
  return listed(platform, { ledger: ledger ?? 'default', position: found.position }, { ...found, items });
}

/** The page as it was, or as was known, at the moment that the query names. */
async function pageAt(platform: Platform, call: Call<typeof list>): Promise<AnswerOf<typeof list>> {
  const { node, name, status, all = false, limit, cursor } = call.query;
  const moment = await momentAsked(platform, call.query);
  call.reflects(moment.ledger, moment.position);
  const found = await containersAt(platform.ledger.database, moment, {
    limit,
    gone: all,
    ...(cursor !== undefined && { cursor }),
    ...(node !== undefined && { node }),
    ...(name !== undefined && { name }),
    ...(status !== undefined && { status }),
  });
  return listed(platform, moment, found);
}

async function listed(platform: Platform, moment: Moment, page: Page<ContainerView>): Promise<AnswerOf<typeof list>> {
  const ready = await newestReady(
    platform.ledger.database,
    moment,
    page.items.map(({ id }) => id),
  );
  return { ...page, items: page.items.map((item) => ({ ...item, lastReady: ready.get(item.id) ?? null })) };
}

async function one(platform: Platform, call: Call<typeof get>): Promise<AnswerOf<typeof get>> {
  const ref = `${call.params.node}/${call.params.id}`;
  const { item, position } = await getContainer(platform.ledger.database, ref, call.query.ledger);
  if (item === undefined) throw unknown(ref);
  call.reflects(item.ledger, position);
  return item;
}
