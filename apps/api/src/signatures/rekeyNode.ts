import { type AnswerOf, routes } from '@stasis/api-contract';
import { StasisError } from '@stasis/errors';
import { type DomainEvent, keyStatementBytes, systemLedger } from '@stasis/events';
import { currentKeyOf } from '@stasis/lifecycle';
import { isSignedBy, publicKeyOf } from '@stasis/proof';
import { type Call, implement, type Implemented } from '../http/implement.ts';
import type { Platform } from '../platform.ts';
import { record } from '../recordRequest.ts';
import { keysIn } from './enrolNode.ts';

const route = routes.rekeyNode;
/** Facts under the old key that are on their way are taken for so long. */
const overlapMs = 60 * 60_000;

/**
 * POST /v1/nodes/rekey: the next key of a node, signed by the one it has. Doing it twice is doing it once.
 * @throws StasisError NotAuthorised when the node's key did not sign it
 */
export const rekeyNode = (platform: Platform): Implemented => implement(route, (call) => rekey(platform, call));

async function rekey(platform: Platform, call: Call<typeof route>): Promise<AnswerOf<typeof route>> {
  const { node, oldKeyId, publicKey, statement } = call.body;
  const { keyId } = publicKeyOf(publicKey);
  const old = keysIn(await platform.ledger.readStream(systemLedger, `node/${node}`)).find(
    (key) => key.keyId === oldKeyId,
  );
  const bytes = keyStatementBytes(`node/${node}`, oldKeyId, publicKey);
  if (old === undefined || !(await isSignedBy(old, bytes, statement))) throw notItsKey(node);
  const oldKeyUntil = new Date(Date.now() + overlapMs).toISOString();
  const rekeyed: DomainEvent = {
    key: 'node.rekeyed',
    data: { node, keyId, publicKey, oldKeyId, oldKeyUntil, statement },
  };
  await record(platform, {
    noun: 'node',
    subject: node,
    actor: { authtype: 'system', authid: oldKeyId },
    decide: (stream) => {
      const current = currentKeyOf(keysIn(stream));
      if (current?.keyId === keyId) return [];
      if (current?.keyId !== oldKeyId) throw notItsKey(node);
      return [rekeyed];
    },
  });
  return { node, keyId, oldKeyUntil };
}

const notItsKey = (node: string): StasisError =>
  new StasisError('NotAuthorised', `the statement is not signed by the key that node "${node}" has`, {
    next: '`stasis node enrol NODE` makes a token by which a node whose key is lost can enrol anew.',
  });
