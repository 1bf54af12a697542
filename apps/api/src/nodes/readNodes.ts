import { type AnswerOf, type NodeShown, routes } from '@stasis/api-contract';
import { systemLedger } from '@stasis/events';
import { getNode, listNodes } from '@stasis/ledger/postgres';
import type { NodeView } from '@stasis/lifecycle';
import { type Call, implement, type Implemented } from '../http/implement.ts';
import { nodeNotFound } from '../notFound.ts';
import type { Platform } from '../platform.ts';

const list = routes.listNodes;
const get = routes.getNode;

/** GET /v1/nodes and /v1/nodes/:node. */
export const readNodes = (platform: Platform): Implemented[] => [
  implement(list, (call) => page(platform, call)),
  implement(get, (call) => one(platform, call)),
];

async function page(platform: Platform, call: Call<typeof list>): Promise<AnswerOf<typeof list>> {
  const { ledger = systemLedger, limit, cursor } = call.query;
  const found = await listNodes(platform.ledger.database, { ledger, limit, ...(cursor !== undefined && { cursor }) });
  call.reflects(ledger, found.position);
  return { ...found, items: found.items.map((node) => shown(platform, node)) };
}

async function one(platform: Platform, call: Call<typeof get>): Promise<AnswerOf<typeof get>> {
  const { item, position } = await getNode(platform.ledger.database, call.params.node, call.query.ledger);
  if (item === undefined) throw nodeNotFound(call.params.node);
  call.reflects(item.ledger, position);
  return shown(platform, item);
}

function shown({ heartbeats }: Platform, node: NodeView): NodeShown {
  const checkpointer = heartbeats.last(node.id, 'checkpointer');
  const restorer = heartbeats.last(node.id, 'restorer');
  return {
    ...node,
    lastSeen: {
      ...(checkpointer !== undefined && { checkpointer: checkpointer.at.toISOString() }),
      ...(restorer !== undefined && { restorer: restorer.at.toISOString() }),
    },
    requestsRefused: (checkpointer?.refused ?? 0) + (restorer?.refused ?? 0),
  };
}
