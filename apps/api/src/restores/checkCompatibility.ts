import { type AnswerOf, routes } from '@stasis/api-contract';
import { getCheckpoint } from '@stasis/ledger/postgres';
import { type Call, implement, type Implemented } from '../http/implement.ts';
import { findNode } from '../nodes/nodeIsLost.ts';
import { checkpointNotFound, nodeNotFound } from '../notFound.ts';
import type { Platform } from '../platform.ts';
import { objectionsTo } from './objectionsTo.ts';

const route = routes.getCompatibility;

/** GET /v1/checkpoints/:id/compatibility: what a restore would be refused for, with nothing recorded. */
export const checkCompatibility = (platform: Platform): Implemented =>
  implement(route, (call) => check(platform, call));

async function check(platform: Platform, call: Call<typeof route>): Promise<AnswerOf<typeof route>> {
  const { database } = platform.ledger;
  const { item: checkpoint, position } = await getCheckpoint(database, call.params.id, call.query.ledger);
  if (checkpoint === undefined) throw checkpointNotFound(call.params.id);
  const nodeName = call.query.node ?? checkpoint.node;
  const node = await findNode(database, nodeName);
  if (node === undefined) throw nodeNotFound(nodeName);
  const name = call.query.name ?? checkpoint.container.slice(checkpoint.container.indexOf('/') + 1);
  const reasons = [...(await objectionsTo(database, checkpoint, node, name))];
  call.reflects(checkpoint.ledger, position);
  return { checkpoint: checkpoint.id, node: nodeName, compatible: reasons.length === 0, reasons };
}
