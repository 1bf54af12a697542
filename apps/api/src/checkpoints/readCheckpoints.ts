import { type AnswerOf, auditEventOf, routes } from '@stasis/api-contract';
import { checkpointsAt, getCheckpoint, listCheckpoints } from '@stasis/ledger/postgres';
import { asksForMoment, momentAsked } from '../audit/moment.ts';
import { timelineOf } from '../audit/timeline.ts';
import { findContainer } from '../containers/findContainer.ts';
import { type Call, implement, type Implemented } from '../http/implement.ts';
import { checkpointNotFound } from '../notFound.ts';
import type { Platform } from '../platform.ts';

const list = routes.listCheckpoints;
const get = routes.getCheckpoint;

/** GET /v1/checkpoints and /v1/checkpoints/:id. */
export const readCheckpoints = (platform: Platform): Implemented[] => [
  implement(list, (call) => page(platform, call)),
  implement(get, (call) => one(platform, call)),
];

async function page(platform: Platform, call: Call<typeof list>): Promise<AnswerOf<typeof list>> {
  const { container, ledger, node, phase, limit, cursor } = call.query;
  const { database } = platform.ledger;
  const moment = asksForMoment(call.query) ? await momentAsked(platform, call.query) : undefined;
  const filter = {
    limit,
    ...(cursor !== undefined && { cursor }),
    ...(container !== undefined && { container: (await findContainer(database, container)).id }),
    ...(node !== undefined && { node }),
    ...(phase !== undefined && { phase }),
  };
  const found =
    moment === undefined
      ? await listCheckpoints(database, { ...filter, ...(ledger !== undefined && { ledger }) })
      : await checkpointsAt(database, moment, filter);
  call.reflects(moment?.ledger ?? ledger ?? 'default', found.position);
  return found;
}

async function one(platform: Platform, call: Call<typeof get>): Promise<AnswerOf<typeof get>> {
  const { id } = call.params;
  const { item, position } = await getCheckpoint(platform.ledger.database, id, call.query.ledger);
  if (item === undefined) throw checkpointNotFound(id);
  const { events, reasonText } = await timelineOf(platform.ledger, item.ledger, `checkpoint/${id}`, item.position);
  call.reflects(item.ledger, position);
  return {
    ...item,
    ...(reasonText !== undefined && { reasonText }),
    timeline: events.map(({ recorded, text }) => auditEventOf(recorded, text)),
  };
}
