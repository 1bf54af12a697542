import { keyStatementBytes, type StasisEvent } from '@stasis/events';
import { newPrivateKey, type SigningKey, signingKeyOf } from '@stasis/proof';
import { startPostgres } from '@stasis/testing';
import { describe, expect, it, vi } from 'vitest';
import { type Answer, discovered, factMessage, signFact, useTestApi } from '../testApi.ts';

const t = useTestApi(startPostgres);

const newKey = async (): Promise<SigningKey> => signingKeyOf(newPrivateKey());
const invite = async (node: string): Promise<string> =>
  String((await t.call('POST', '/v1/nodes/enrolment-tokens', { node })).body['token']);
const enrol = (node: string, token: string, { publicKey }: SigningKey): Promise<Answer> =>
  t.call('POST', '/v1/nodes/enrol', { node, token, publicKey }, { authorization: '' });
const tell = async (fact: StasisEvent, key: SigningKey): Promise<void> =>
  t.bus.publish([factMessage(await signFact(fact, key))]);
const refused = async (node: string): Promise<unknown[]> => {
  const { body } = await t.call('GET', '/v1/audit/events?ledger=system&type=signature.refused');
  const items = body['items'] as { data: Record<string, unknown> }[];
  return items.filter(({ data }) => data['node'] === node).map(({ data }) => [data['why'], data['keyId']]);
};

describe('enrolment', () => {
  it('takes one key with a one-time token, gives the keys of the api, and records both steps', async () => {
    const key = await newKey();
    const token = await invite('node-1');
    const { status, body } = await enrol('node-1', token, key);
    expect(status).toBe(200);
    const { body: published } = await t.call('GET', '/v1/signing-keys', undefined, { authorization: '' });
    const [{ keyId, publicKey, current } = { current: false }] = published['items'] as Record<string, unknown>[];
    expect(body).toEqual({ node: 'node-1', keyId: key.keyId, apiKeys: [{ keyId, publicKey }] });
    expect(current).toBe(true);
    // The answer may have been lost: the same key may ask again, another may not.
    expect((await enrol('node-1', token, key)).body).toEqual(body);
    const other = await enrol('node-1', token, await newKey());
    expect(other).toMatchObject({ status: 401, body: { code: 'Unauthenticated' } });
    const { body: node } = await t.call('GET', '/v1/nodes/node-1');
    expect(node['keys']).toMatchObject([{ keyId: key.keyId, publicKey: key.publicKey }]);
    const { body: events } = await t.call('GET', '/v1/audit/events?ledger=system&node=node-1');
    expect((events['items'] as StasisEvent[]).map(({ type }) => type)).toEqual([
      'dev.stasis.node.invited.v1',
      'dev.stasis.node.enrolled.v1',
    ]);
    expect(JSON.stringify(events)).not.toContain(token);
  });

  it('refuses a token of another node, one that has expired and one that is made up, in the same words', async () => {
    const key = await newKey();
    const token = await invite('node-2');
    const expired = await invite('node-3');
    await t.api.platform.ledger.database.query(`update enrolment_tokens set expires = now() where node = 'node-3'`, []);
    const answers = [
      await enrol('node-3', token, key),
      await enrol('node-3', expired, key),
      await enrol('node-2', `${token}x`, key),
    ];
    expect(answers.map(({ status }) => status)).toEqual([401, 401, 401]);
    expect(new Set(answers.map(({ body }) => body['detail'])).size).toBe(1);
    expect((await enrol('node-2', token, key)).status).toBe(200);
  });

  it('is for administrators to prepare', async () => {
    const { body } = await t.call('POST', '/v1/tokens', { name: 'o', role: 'operator', expiresIn: 600 });
    const headers = { authorization: `Bearer ${String(body['secret'])}` };
    expect((await t.call('POST', '/v1/nodes/enrolment-tokens', { node: 'node-4' }, headers)).status).toBe(403);
    expect((await t.call('POST', '/v1/signing-keys', undefined, headers)).status).toBe(403);
  });
});

describe('a new key of a node', () => {
  it('is taken when the old one signed it, and both are good for a while', async () => {
    const [old, next] = [await newKey(), await newKey()];
    await enrol('node-5', await invite('node-5'), old);
    const rekey = async (signer: SigningKey, node = 'node-5'): Promise<Answer> => {
      const { publicKey } = next;
      const statement = await signer.sign(keyStatementBytes(`node/${node}`, old.keyId, publicKey));
      return t.call('POST', '/v1/nodes/rekey', { node: 'node-5', oldKeyId: old.keyId, publicKey, statement });
    };
    expect((await rekey(next)).status).toBe(403);
    expect((await rekey(old, 'node-6')).status).toBe(403);
    expect(await rekey(old)).toMatchObject({ status: 200, body: { keyId: next.keyId } });
    expect((await rekey(old)).status).toBe(200);
    await tell(discovered('node-5', 'by-old'), old);
    await tell(discovered('node-5', 'by-new'), next);
    await t.until('/v1/containers/node-5/by-old');
    await t.until('/v1/containers/node-5/by-new');
    expect((await t.call('GET', '/v1/nodes/node-5')).body['keys']).toHaveLength(2);
  });

  it('by a new enrolment ends the old one at once', async () => {
    const [old, next] = [await newKey(), await newKey()];
    await enrol('node-7', await invite('node-7'), old);
    await tell(discovered('node-7', 'before'), old);
    await t.until('/v1/containers/node-7/before');
    await enrol('node-7', await invite('node-7'), next);
    await tell(discovered('node-7', 'late'), old);
    await tell(discovered('node-7', 'after'), next);
    await t.until('/v1/containers/node-7/after');
    await vi.waitFor(async () => expect(await refused('node-7')).toEqual([['KeyEnded', old.keyId]]), 20_000);
    expect((await t.call('GET', '/v1/containers/node-7/late')).status).toBe(404);
  });
});
