import { type AnswerOf, routes } from '@stasis/api-contract';
import { StasisError } from '@stasis/errors';
import type { DomainEvent, RecordedEvent } from '@stasis/events';
import { useEnrolmentToken } from '@stasis/ledger/postgres';
import { currentKeyOf, evolveNodeKeys, type NodeKey } from '@stasis/lifecycle';
import { publicKeyOf } from '@stasis/proof';
import { type Call, implement, type Implemented } from '../http/implement.ts';
import type { Platform } from '../platform.ts';
import { record } from '../recordRequest.ts';
import { readPublishedKeys } from './publishedKeys.ts';

const route = routes.enrolNode;

/**
 * POST /v1/nodes/enrol: the node gives its public key and gets the api's. From then on that key signs the node's facts,
 * and one that it had before no longer does. The same key may come again with the same token.
 * @throws StasisError Unauthenticated, with the same words for every bad token
 */
export const enrolNode = (platform: Platform): Implemented => implement(route, (call) => enrol(platform, call));

async function enrol(platform: Platform, call: Call<typeof route>): Promise<AnswerOf<typeof route>> {
  const { node, token, publicKey } = call.body;
  const { keyId } = publicKeyOf(publicKey);
  const tokenId = await useEnrolmentToken(platform.ledger.database, { secret: token, node, keyId });
  if (tokenId === undefined)
    throw new StasisError('Unauthenticated', 'the enrolment token is not good for this node', {
      next: '`stasis node enrol NODE` makes another; each works once and for a limited time.',
    });
  const enrolled: DomainEvent = { key: 'node.enrolled', data: { node, keyId, publicKey } };
  await record(platform, {
    noun: 'node',
    subject: node,
    actor: { authtype: 'system', authid: tokenId },
    decide: (stream) => (currentKeyOf(keysIn(stream))?.keyId === keyId ? [] : [enrolled]),
  });
  const published = await readPublishedKeys(platform.ledger);
  const good = published.filter(({ retiredAt }) => retiredAt === undefined);
  return { node, keyId, apiKeys: good.map(({ keyId: id, publicKey: key }) => ({ keyId: id, publicKey: key })) };
}

/** Keys of a node by its stream. */
export const keysIn = (stream: readonly RecordedEvent[]): readonly NodeKey[] =>
  stream.reduce<readonly NodeKey[]>(evolveNodeKeys, []);
