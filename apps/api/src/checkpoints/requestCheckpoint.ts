import { type AnswerOf, routes } from '@stasis/api-contract';
import { evolveCheckpoint, noCheckpoint, requestCheckpoint as decide } from '@stasis/lifecycle';
import { findContainer, unknown } from '../containers/findContainer.ts';
import { deadlineOf } from '../deadline.ts';
import { checkpointOf, stateOf } from '../foldStream.ts';
import { type Call, implement, type Implemented } from '../http/implement.ts';
import { agentIsLost, findNode } from '../nodes/nodeIsLost.ts';
import type { Platform } from '../platform.ts';
import { present, record } from '../recordRequest.ts';
import { sealReason } from '../sealReason.ts';

const route = routes.requestCheckpoint;

/** POST /v1/checkpoints: names the container and its run, records the request (and, where it cannot work, its refusal). */
export const requestCheckpoint = (platform: Platform): Implemented =>
  implement(route, (call) => request(platform, call));

async function request(platform: Platform, call: Call<typeof route>): Promise<AnswerOf<typeof route>> {
  const { container: name, leaveRunning, imagePath, labels, reason: given, timeoutSeconds } = call.body;
  const { database } = platform.ledger;
  const container = await findContainer(database, name);
  if (container.run === undefined) throw unknown(name);
  const node = await findNode(database, container.node);
  const reason = given === undefined ? undefined : sealReason(given);
  const command = {
    request: {
      container: container.id,
      node: container.node,
      run: container.run,
      generation: container.generation,
      leaveRunning,
      ...(imagePath !== undefined && { imagePath }),
      labels,
      ...(reason && { reason: reason.leaf }),
      deadline: deadlineOf(platform.settings, timeoutSeconds),
    },
    containerStatus: container.status,
    nodeIsLost: imagePath === undefined && agentIsLost(node, 'checkpointer'),
  };
  const { stream } = await record(platform, {
    noun: 'checkpoint',
    subject: await call.newId('ckp'),
    actor: call.actor,
    reason,
    decide: (recorded) => decide(command, stateOf(recorded, noCheckpoint, evolveCheckpoint)),
  });
  const view = present(checkpointOf(stream));
  call.reflects(view.ledger, view.position);
  void call.reply.header('location', `/v1/checkpoints/${view.id}`);
  return view;
}
