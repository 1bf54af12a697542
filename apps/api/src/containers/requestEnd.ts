import { type AnswerOf, routes } from '@stasis/api-contract';
import { type Call, implement, type Implemented } from '../http/implement.ts';
import type { Platform } from '../platform.ts';
import { findContainer } from './findContainer.ts';
import { recordContainerRequest } from './requestOfContainer.ts';

const stop = routes.requestStop;
const remove = routes.requestRemove;

/** POST /v1/containers/:node/:id/stop and DELETE /v1/containers/:node/:id. */
export const requestEnd = (platform: Platform): Implemented[] => [
  implement(stop, (call) => end(platform, call, 'stop')),
  implement(remove, (call) => end(platform, call, 'remove')),
];

async function end(
  platform: Platform,
  call: Call<typeof stop> | Call<typeof remove>,
  verb: 'stop' | 'remove',
): Promise<AnswerOf<typeof stop>> {
  const { node, id } = call.params;
  await findContainer(platform.ledger.database, `${node}/${id}`);
  const { reason, timeoutSeconds } = call.body;
  return recordContainerRequest(platform, call, { node, name: id, verb, reason, timeoutSeconds });
}
