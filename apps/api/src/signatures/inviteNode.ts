import { mkdir, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type AnswerOf, routes } from '@stasis/api-contract';
import { newId } from '@stasis/events';
import { getNode, putEnrolmentToken } from '@stasis/ledger/postgres';
import { currentKeyOf } from '@stasis/lifecycle';
import { newSecret } from '../access/secrets.ts';
import { type Actor, recorder } from '../actor.ts';
import { type Call, implement, type Implemented } from '../http/implement.ts';
import type { Platform } from '../platform.ts';
import { record } from '../recordRequest.ts';

const route = routes.inviteNode;
const localTokenSeconds = 24 * 3600;

/** POST /v1/nodes/enrolment-tokens: recorded first, then kept as a hash. */
export const inviteNode = (platform: Platform): Implemented => implement(route, (call) => answer(platform, call));

async function answer(platform: Platform, call: Call<typeof route>): Promise<AnswerOf<typeof route>> {
  const { node, expiresIn } = call.body;
  void call.reply.header('cache-control', 'no-store');
  return invite(platform, call.actor, node, expiresIn);
}

/** @param expiresIn seconds */
async function invite(
  platform: Platform,
  actor: Actor,
  node: string,
  expiresIn: number,
): Promise<AnswerOf<typeof route>> {
  const id = newId('sub');
  const secret = newSecret();
  const expires = new Date(Date.now() + expiresIn * 1000);
  const data = { node, token: id, expires: expires.toISOString() };
  await record(platform, { noun: 'node', subject: node, actor, decide: () => [{ key: 'node.invited', data }] });
  await putEnrolmentToken(platform.ledger.database, { id, node, secret, expires });
  return { node, token: secret, expires: data.expires };
}

/**
 * Puts a token for each node that this api expects and that has no key yet where the node's agents look for one:
 * `<home>/nodes/<node>/enrol.token` (0600). It is of use to agents that share the home; others get theirs by hand.
 */
export async function inviteExpectedNodes(platform: Platform): Promise<void> {
  const { expectedNodes, home } = platform.settings;
  for (const node of expectedNodes) {
    const { item } = await getNode(platform.ledger.database, node);
    if (item !== undefined && currentKeyOf(item.keys ?? []) !== undefined) continue;
    const { token } = await invite(platform, recorder, node, localTokenSeconds);
    const file = path.join(home, 'nodes', node, 'enrol.token');
    await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
    await writeFile(`${file}.new`, `${token}\n`, { mode: 0o600, flush: true });
    await rename(`${file}.new`, file);
  }
}
