import { type AnswerOf, routes } from '@stasis/api-contract';
import { getCheckpoint } from '@stasis/ledger/postgres';
import { evolveRestore, noRestore, requestRestore as decide } from '@stasis/lifecycle';
import { deadlineOf } from '../deadline.ts';
import { restoreOf, stateOf } from '../foldStream.ts';
import { type Call, implement, type Implemented } from '../http/implement.ts';
import { findNode } from '../nodes/nodeIsLost.ts';
import { checkpointNotFound, nodeNotFound } from '../notFound.ts';
import type { Platform } from '../platform.ts';
import { present, record } from '../recordRequest.ts';
import { sealReason } from '../sealReason.ts';
import { objectionsTo, objectionsToImage } from './objectionsTo.ts';

const route = routes.requestRestore;

/** POST /v1/restores: names node and container, records the request (and, where it cannot work, its refusal). */
export const requestRestore = (platform: Platform): Implemented => implement(route, (call) => request(platform, call));

async function request(platform: Platform, call: Call<typeof route>): Promise<AnswerOf<typeof route>> {
  const { checkpoint: id, imagePath, labels, reason: given, timeoutSeconds } = call.body;
  const { database } = platform.ledger;
  const { item: checkpoint } = await getCheckpoint(database, id);
  if (checkpoint === undefined) throw checkpointNotFound(id);
  const nodeName = call.body.node ?? checkpoint.node;
  const name = call.body.name ?? checkpoint.container.slice(checkpoint.container.indexOf('/') + 1);
  const node = await findNode(database, nodeName);
  if (node === undefined && imagePath === undefined) throw nodeNotFound(nodeName);
  const reason = given === undefined ? undefined : sealReason(given);
  const command = {
    request: {
      checkpoint: id,
      node: nodeName,
      name,
      container: `${nodeName}/${name}`,
      ...(checkpoint.manifestDigest !== undefined && { manifestDigest: checkpoint.manifestDigest }),
      ...(imagePath !== undefined && { imagePath }),
      labels,
      ...(reason && { reason: reason.leaf }),
      deadline: deadlineOf(platform.settings, timeoutSeconds),
    },
    objections:
      node === undefined || imagePath !== undefined
        ? objectionsToImage(checkpoint)
        : await objectionsTo(database, checkpoint, node, name),
  };
  const { stream } = await record(platform, {
    noun: 'restore',
    subject: await call.newId('rst'),
    actor: call.actor,
    reason,
    decide: (recorded) => decide(command, stateOf(recorded, noRestore, evolveRestore)),
  });
  const view = present(restoreOf(stream));
  call.reflects(view.ledger, view.position);
  void call.reply.header('location', `/v1/restores/${view.id}`);
  return view;
}
