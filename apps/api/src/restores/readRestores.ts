import { type AnswerOf, auditEventOf, routes } from '@stasis/api-contract';
import { getRestore, listRestores } from '@stasis/ledger/postgres';
import { timelineOf } from '../audit/timeline.ts';
import { findContainer } from '../containers/findContainer.ts';
import { type Call, implement, type Implemented } from '../http/implement.ts';
import { restoreNotFound } from '../notFound.ts';
import type { Platform } from '../platform.ts';

const list = routes.listRestores;
const get = routes.getRestore;

/** GET /v1/restores and /v1/restores/:id. */
export const readRestores = (platform: Platform): Implemented[] => [
  implement(list, (call) => page(platform, call)),
  implement(get, (call) => one(platform, call)),
];

async function page(platform: Platform, call: Call<typeof list>): Promise<AnswerOf<typeof list>> {
  const { checkpoint, container, ledger, node, phase, limit, cursor } = call.query;
  const { database } = platform.ledger;
  const found = await listRestores(database, {
    limit,
    ...(ledger !== undefined && { ledger }),
    ...(cursor !== undefined && { cursor }),
    ...(checkpoint !== undefined && { checkpoint }),
    ...(container !== undefined && { container: (await findContainer(database, container)).id }),
    ...(node !== undefined && { node }),
    ...(phase !== undefined && { phase }),
  });
  call.reflects(ledger ?? 'default', found.position);
  return found;
}

async function one(platform: Platform, call: Call<typeof get>): Promise<AnswerOf<typeof get>> {
  const { id } = call.params;
  const { item, position } = await getRestore(platform.ledger.database, id, call.query.ledger);
  if (item === undefined) throw restoreNotFound(id);
  const { events, reasonText } = await timelineOf(platform.ledger, item.ledger, `restore/${id}`, item.position);
  call.reflects(item.ledger, position);
  return {
    ...item,
    ...(reasonText !== undefined && { reasonText }),
    timeline: events.map(({ recorded, text }) => auditEventOf(recorded, text)),
  };
}
