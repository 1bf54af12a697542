import { type AnswerOf, routes } from '@stasis/api-contract';
import { StasisError } from '@stasis/errors';
import { listNodes } from '@stasis/ledger/postgres';
import { type Call, implement, type Implemented } from '../http/implement.ts';
import { findNode } from '../nodes/nodeIsLost.ts';
import { nodeNotFound } from '../notFound.ts';
import type { Platform } from '../platform.ts';
import { recordContainerRequest } from './requestOfContainer.ts';

const route = routes.requestStart;

/** POST /v1/containers: a bundle, or a command over the host's root where this platform allows that. */
export const requestStart = (platform: Platform): Implemented => implement(route, (call) => start(platform, call));

async function start(platform: Platform, call: Call<typeof route>): Promise<AnswerOf<typeof route>> {
  const { name, bundle, imagePath, command, env, cwd, labels, reason, timeoutSeconds } = call.body;
  if (command !== undefined && !platform.settings.allowHostCommands)
    throw new StasisError('PolicyDenied', 'this platform does not start commands over the host root', {
      next: 'Give a bundle, or set STASIS_ALLOW_HOST_COMMANDS=1 for the api (`stasis up` does).',
    });
  const node = call.body.node ?? (await onlyNode(platform));
  if (imagePath === undefined && (await findNode(platform.ledger.database, node)) === undefined)
    throw nodeNotFound(node);
  const what = {
    ...(bundle !== undefined && { bundle }),
    ...(imagePath !== undefined && { imagePath }),
    ...(command !== undefined && { command }),
    ...(cwd !== undefined && { cwd }),
    ...(labels !== undefined && { labels }),
  };
  return recordContainerRequest(platform, call, { node, name, verb: 'start', what, env, reason, timeoutSeconds });
}

/** The node that is meant when none is named: the one there is, else the first of those that this platform expects. */
async function onlyNode({ ledger, settings }: Platform): Promise<string> {
  const { items } = await listNodes(ledger.database, { status: 'joined' });
  const [first] = items;
  if (first === undefined)
    throw new StasisError('NodeNotFound', 'no node has joined', { next: 'Wait until GET /v1/nodes lists one.' });
  if (items.length === 1) return first.id;
  const local = settings.expectedNodes.find((name) => items.some((node) => node.id === name));
  if (local !== undefined) return local;
  throw new StasisError('BadRequest', `${items.length} nodes have joined`, { next: 'Name the node.' });
}
