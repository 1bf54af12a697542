import { topics } from '@stasis/bus';
import type { StasisEvent } from '@stasis/events';
import { startPostgres, type TestPostgres } from '@stasis/testing';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { applyMigrations, discovered, nodeWithContainer, signFact, startTestApi, type TestApi } from '../testApi.ts';
import { checkSignatures } from './checkSignatures.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 120_000 });

let postgres: TestPostgres;
let databaseUrl: string;
let t: TestApi;

beforeAll(async () => {
  postgres = await startPostgres();
  databaseUrl = await postgres.createDatabase();
  await applyMigrations(databaseUrl);
  t = await startTestApi({ databaseUrl });
  for (const node of ['node-1', 'node-2']) {
    await t.report(...nodeWithContainer(node, 'web'));
    await t.until(`/v1/containers/${node}/web`);
  }
});

afterAll(async () => {
  await t?.stop();
  await postgres?.stop();
});

type Key = { keyId: string; current: boolean; signedBy?: string; retiredAt?: number };
const keys = async (): Promise<Key[]> => (await t.call('GET', '/v1/signing-keys')).body['items'] as Key[];
/** What went to nodes: node, last word of the type, key. */
const sent = (): string[][] =>
  t.broker
    .topic(topics.requests)
    .flatMap(({ messages }) => messages)
    .map(({ key, headers }) => [key, headers['ce_type']?.split('.').at(-2) ?? '', headers['ce_signaturekeyid'] ?? '']);
const ask = async (): Promise<void> => {
  const { status } = await t.call('POST', '/v1/checkpoints', { container: 'node-1/web', leaveRunning: true });
  expect(status).toBe(202);
};

it('tells every node of a new signing key under the old one, then signs with the new one, and can retire the old', async () => {
  const [first] = await keys();
  await ask();
  expect((await t.call('POST', '/v1/signing-keys')).status).toBe(200);
  await vi.waitFor(async () => expect((await keys()).at(-1)?.current).toBe(true), 20_000);
  const second = (await keys()).at(-1);
  expect(second?.signedBy).toBe(first?.keyId);
  await ask();
  const old = String(first?.keyId);
  const next = String(second?.keyId);
  await vi.waitFor(() => expect(sent().filter(([, word]) => word === 'requested').length).toBe(2), 20_000);
  expect(sent().filter(([, word]) => word === 'requested')).toEqual([
    ['node-1', 'requested', old],
    ['node-1', 'requested', next],
  ]);
  // The first key may have been told, too, to a node that enrolled before the relay came to it.
  const published = sent().filter(([, word]) => word === 'published');
  expect(new Set(published.map(([node]) => node))).toEqual(new Set(['node-1', 'node-2']));
  expect(new Set(published.map(([, , key]) => key))).toEqual(new Set([old]));
  expect((await t.call('POST', `/v1/signing-keys/${next}/retire`)).status).toBe(400);
  expect((await t.call('POST', `/v1/signing-keys/${old}/retire`)).status).toBe(200);
  expect((await keys())[0]?.retiredAt).toBeGreaterThan(0);
  await vi.waitFor(() => expect(sent().filter(([, word]) => word === 'retired')).toHaveLength(2), 20_000);
  expect(
    sent()
      .filter(([, word]) => word === 'retired')
      .map(([, , key]) => key),
  ).toEqual([next, next]);
});

it('does not start an api whose key file has none of the keys that nodes believe', async () => {
  const start = startTestApi({ databaseUrl, env: { STASIS_SIGNING_KEY: `${t.home}/other.key` } });
  await expect(start).rejects.toMatchObject({ code: 'ConfigInvalid' });
});

it('checks the signatures of recorded facts when the ledger is verified, and names the first that does not fit', async () => {
  const { body: good } = await t.call('POST', '/v1/ledger/verify?signatures=1');
  expect(good).toMatchObject({ verified: true, signatures: { signed: 2, unsigned: 0 } });
  const { body: nodes } = await t.call('POST', '/v1/ledger/verify?signatures=1&ledger=system');
  expect(nodes).toMatchObject({ verified: true, signatures: { signed: 4, unsigned: 0 } });
  // As if whoever holds the database had the api record something that the node never said.
  const { ledger } = t.api.platform;
  const said = await signFact(discovered('node-1', 'x'), await t.keyOf('node-2'));
  const event = { ...said, recordedtime: new Date().toISOString() } as StasisEvent;
  await ledger.append([{ ledger: 'default', stream: 'container/node-1/x', expectedVersion: 0, events: [event] }]);
  const position = await ledger.head('default');
  expect(await checkSignatures(ledger, 'default')).toMatchObject({ signed: 2, firstBad: { position } });
  const { body: bad } = await t.call('POST', '/v1/ledger/verify?signatures=1');
  expect(bad).toMatchObject({ verified: false, firstBad: { position } });
  expect((await t.call('POST', '/v1/ledger/verify')).body).toMatchObject({ verified: true });
});
