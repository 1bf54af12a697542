import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startPostgres, type TestPostgres } from '@stasis/testing';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { shippedPolicies } from './loadPolicies.ts';
import { rememberMs } from '../http/authenticate.ts';
import { applyMigrations, goodCheckpoint, nodeWithContainer, startTestApi, type TestApi } from '../testApi.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 120_000 });

let postgres: TestPostgres;
let t: TestApi;
let other: TestApi;

beforeAll(async () => {
  postgres = await startPostgres();
  const databaseUrl = await postgres.createDatabase();
  await applyMigrations(databaseUrl);
  t = await startTestApi({ databaseUrl });
  other = await startTestApi({ databaseUrl, broker: t.broker });
  await t.report(...nodeWithContainer('node-1', 'web-1'), ...nodeWithContainer('node-2', 'web-2'));
  for (const name of ['node-1/web-1', 'node-2/web-2']) await t.until(`/v1/containers/${name}`);
});

afterAll(async () => {
  await other?.stop();
  await t?.stop();
  await postgres?.stop();
});

interface Made {
  readonly id: string;
  readonly secret: string;
  readonly as: Record<string, string>;
}

async function make(role: string, more: object = {}): Promise<Made> {
  const { status, body } = await t.call('POST', '/v1/tokens', { name: `a ${role}`, role, ...more });
  expect(status).toBe(200);
  const { id, secret } = body as { id: string; secret: string };
  return { id, secret, as: { authorization: `Bearer ${secret}` } };
}

const eventsOf = async (subject: string, type: string): Promise<Record<string, unknown>[]> => {
  const { items } = (await t.call('GET', `/v1/audit/events?ledger=system&type=${type}&limit=1000`)).body as {
    items: Record<string, unknown>[];
  };
  return items.filter((event) => event['subject'] === subject || event['authid'] === subject);
};

describe('a token', () => {
  it('is shown once, works, and is recorded without its name', async () => {
    const { id, secret, as } = await make('viewer', { name: 'Ada Lovelace', expiresIn: 3600 });
    expect(secret).toMatch(/^stasis_[A-Za-z0-9_-]{43}$/);
    expect((await t.call('GET', '/v1/whoami', undefined, as)).body).toMatchObject({
      id,
      name: 'Ada Lovelace',
      role: 'viewer',
      revoked: null,
    });
    expect(JSON.stringify((await t.call('GET', '/v1/tokens')).body)).not.toContain(secret);
    const [created] = await eventsOf(id, 'token.created');
    expect(created).toMatchObject({ ledger: 'system', policyid: 'admin', data: { role: 'viewer' } });
    expect(JSON.stringify(created)).not.toMatch(/Ada|stasis_[A-Za-z0-9_-]{43}/);
  });

  it('ends at its time, also where it is remembered', async () => {
    const { as } = await make('viewer', { expiresIn: 1 });
    expect((await t.call('GET', '/v1/nodes', undefined, as)).status).toBe(200);
    await sleep(1050);
    expect((await t.call('GET', '/v1/nodes', undefined, as)).status).toBe(401);
  });

  it('works no longer once it is revoked: here at once, on another api within a second', async () => {
    const { id, as } = await make('viewer');
    for (const api of [t, other]) expect((await api.call('GET', '/v1/nodes', undefined, as)).status).toBe(200);
    const revoked = await t.call('POST', `/v1/tokens/${id}/revoke`, { reason: 'lost' });
    const at = Date.now();
    expect(revoked).toMatchObject({ status: 200, body: { id, revoked: expect.any(String) } });
    expect((await t.call('GET', '/v1/nodes', undefined, as)).status).toBe(401);
    await sleep(at + rememberMs - Date.now());
    expect((await other.call('GET', '/v1/nodes', undefined, as)).status).toBe(401);
    await t.call('POST', `/v1/tokens/${id}/revoke`);
    expect(await eventsOf(id, 'token.revoked')).toHaveLength(1);
  });

  it('that is revoked loses its open event stream', async () => {
    const { id, as } = await make('viewer');
    const stream = await fetch(`${t.api.url}/v1/events`, { headers: as });
    expect(stream.status).toBe(200);
    const ended = stream.text().then(
      () => 'ended',
      () => 'cut',
    );
    await t.call('POST', `/v1/tokens/${id}/revoke`);
    expect(await ended).toBe('cut');
  });

  it('is made by nobody but an admin', async () => {
    for (const role of ['viewer', 'auditor', 'operator', 'restorer', 'approver']) {
      const { as } = await make(role);
      const answer = await t.call('POST', '/v1/tokens', { name: 'x', role: 'admin' }, as);
      expect(answer).toMatchObject({ status: 403, body: { code: 'NotAuthorised' } });
    }
  });

  it('held to a node acts on no other', async () => {
    const { as } = await make('operator', { nodes: ['node-1'] });
    const ask = (container: string): ReturnType<TestApi['call']> =>
      t.call('POST', '/v1/checkpoints', { container, leaveRunning: true }, as);
    expect((await ask('web-1')).status).toBe(202);
    expect(await ask('web-2')).toMatchObject({
      status: 403,
      body: { code: 'PolicyDenied', details: [{ field: 'action' }, { field: 'policy', message: 'token-nodes' }] },
    });
  });

  it('of no known id is not found', async () => {
    expect(await t.call('POST', '/v1/tokens/sub_none/revoke')).toMatchObject({
      status: 404,
      body: { code: 'TokenNotFound' },
    });
  });
});

describe('the policies', () => {
  it('in force are recorded once, by the digest of their files, however many apis start', async () => {
    const files = ['schema.cedarschema', 'limits.cedar', 'roles.cedar'];
    const hash = createHash('sha256');
    for (const file of files) hash.update(await readFile(path.join(shippedPolicies, file)));
    const events = await eventsOf('policies', 'access.changed');
    expect(events.map(({ data }) => data)).toEqual([
      { digest: `sha256:${hash.digest('hex')}`, policies: expect.arrayContaining(['restorer', 'token-nodes']) },
    ]);
  });
});

describe('a request that is allowed', () => {
  it('records the policy that allowed it, in the leaf', async () => {
    const operator = await make('operator');
    const asked = await t.call('POST', '/v1/checkpoints', { container: 'web-1', leaveRunning: true }, operator.as);
    const [event] = (await t.call('GET', `/v1/audit/events?checkpoint=${String(asked.body['id'])}`)).body[
      'items'
    ] as Record<string, unknown>[];
    expect(event).toMatchObject({ authid: operator.id, policyid: 'operator' });
    const [row] = await t.api.platform.ledger.database.query<{ leaf: Buffer }>(
      'select leaf from events where event_id = $1',
      [event?.['id']],
    );
    expect(JSON.parse(String(row?.leaf))).toMatchObject({ policyid: 'operator' });
  });
});

describe('a request that is denied', () => {
  it('says what it takes, does nothing, and is recorded under its own id', async () => {
    const id = String((await t.call('POST', '/v1/checkpoints', { container: 'web-1', leaveRunning: true })).body['id']);
    await t.report(...goodCheckpoint('node-1', id));
    await t.until(`/v1/checkpoints/${id}`, ({ phase }) => phase === 'Ready');
    const auditor = await make('auditor');
    const denied = await t.call('POST', '/v1/restores', { checkpoint: id, name: 'copy' }, auditor.as);
    expect(denied).toMatchObject({
      status: 403,
      body: { code: 'NotAuthorised', next: 'It takes a token with the role restorer or admin.' },
    });
    expect((await t.call('GET', `/v1/restores?checkpoint=${id}`)).body['items']).toEqual([]);
    expect(await eventsOf(String(denied.body['requestId']), 'access.denied')).toMatchObject([
      {
        authid: auditor.id,
        data: {
          action: 'restore.request',
          resource: { kind: 'Checkpoint', id },
          code: 'NotAuthorised',
          policies: ['admin', 'restorer'],
          unreported: 0,
        },
      },
    ]);
  });

  it('by the use case itself is recorded, too', async () => {
    const body = { node: 'node-1', name: 'x', command: ['/bin/true'] };
    const denied = await t.call('POST', '/v1/containers', body);
    expect(denied).toMatchObject({ status: 403, body: { code: 'PolicyDenied' } });
    expect(await eventsOf(String(denied.body['requestId']), 'access.denied')).toHaveLength(1);
  });

  it('a hundred times leaves about ten events, and the last count is not lost', async () => {
    const viewer = await make('viewer');
    const deny = (): ReturnType<TestApi['call']> =>
      t.call('POST', '/v1/checkpoints', { container: 'web-1', leaveRunning: true }, viewer.as);
    for (let n = 0; n < 100; n += 1) expect((await deny()).status).toBe(403);
    const before = await eventsOf(viewer.id, 'access.denied');
    expect(before.length).toBeGreaterThanOrEqual(10);
    expect(before.length).toBeLessThan(20);
    await t.api.platform.access.denials.close();
    const all = await eventsOf(viewer.id, 'access.denied');
    const counted = all.map(({ data }) => 1 + (data as { unreported: number }).unreported);
    expect(counted.reduce((sum, one) => sum + one, 0)).toBe(100);
  });

  it('without a valid token is counted and recorded without what was shown', async () => {
    const shown = `stasis_${'x'.repeat(43)}`;
    const { status, body } = await t.call('GET', '/v1/nodes', undefined, { authorization: `Bearer ${shown}` });
    expect(status).toBe(401);
    const [event] = await eventsOf(String(body['requestId']), 'access.denied');
    expect(event).toMatchObject({
      authtype: 'unauthenticated',
      data: { action: 'node.read', code: 'Unauthenticated', resource: { kind: 'Platform' } },
    });
    expect(JSON.stringify(event)).not.toContain(shown);
    const { text } = (await t.call('GET', '/metrics')).body;
    expect(text).toMatch(/stasis_access_denied_total\{code="Unauthenticated",action="node.read"\} \d+/);
  });

  it('to look into the system ledger through the event stream, by whatever way it is named', async () => {
    const { as } = await make('viewer');
    const asked = [
      t.call('GET', '/v1/events?ledger=system', undefined, as),
      t.call('GET', '/v1/events?after=system/0', undefined, as),
      t.call('GET', '/v1/events', undefined, { ...as, 'last-event-id': 'system/0' }),
    ];
    for (const answer of await Promise.all(asked))
      expect(answer).toMatchObject({ status: 403, body: { code: 'PolicyDenied' } });
  });
});
