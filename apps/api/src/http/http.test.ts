import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { type Route, routes } from '@stasis/api-contract';
import { startPostgres } from '@stasis/testing';
import { beforeAll, describe, expect, it } from 'vitest';
import { goodCheckpoint, nodeWithContainer, type TestApi, useTestApi } from '../testApi.ts';

const t = useTestApi(startPostgres, { env: { STASIS_NODES: 'node-1' } });

beforeAll(async () => {
  await t.report(...nodeWithContainer('node-1', 'web-1'), ...nodeWithContainer('node-2', 'twice'));
  await t.report(...nodeWithContainer('node-1', 'twice').slice(2));
  for (const name of ['node-1/web-1', 'node-1/twice', 'node-2/twice']) await t.until(`/v1/containers/${name}`);
  for (const name of ['node-1', 'node-2']) await t.until(`/v1/nodes/${name}`);
});

const ask = { container: 'node-1/web-1', leaveRunning: true };
const neverMade = 'ckp_01jdx000000000000000000000';

describe('the token', () => {
  it('is made at the first start, readable by its owner only, and kept as a hash', async () => {
    const file = path.join(t.home, 'admin.token');
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect((await readFile(file, 'utf8')).trim()).toBe(t.token);
    const rows = await t.api.platform.ledger.database.query<{ all: string }>(
      'select tokens::text as all from tokens',
      [],
    );
    expect(rows.length).toBe(1);
    expect(rows[0]?.all).not.toContain(t.token);
  });

  it.each([
    ['none', ''],
    ['another', `Bearer ${'x'.repeat(40)}`],
    ['another scheme', 'Basic YTpi'],
  ])('is asked for: %s is a 401 problem', async (_, authorization) => {
    const { status, headers, body } = await t.call('GET', '/v1/nodes', undefined, { authorization });
    expect(status).toBe(401);
    expect(headers.get('content-type')).toBe('application/problem+json');
    expect(headers.get('www-authenticate')).toBe('Bearer');
    expect(body).toMatchObject({ code: 'Unauthenticated', status: 401, type: 'urn:stasis:problem:Unauthenticated' });
  });
});

describe('what cannot be found or read', () => {
  it.each([
    ['GET', `/v1/checkpoints/${neverMade}`, 404, 'CheckpointNotFound'],
    ['GET', '/v1/checkpoints/nonsense', 404, 'CheckpointNotFound'],
    ['POST', `/v1/checkpoints/${neverMade}/cancel`, 404, 'CheckpointNotFound'],
    ['GET', '/v1/restores/nonsense', 404, 'RestoreNotFound'],
    ['GET', '/v1/containers/node-1/none', 404, 'ContainerNotFound'],
    ['POST', '/v1/containers/node-1/none/stop', 404, 'ContainerNotFound'],
    ['GET', '/v1/nodes/none', 404, 'NodeNotFound'],
    ['GET', '/v1/audit/events/nonsense', 404, 'EventNotFound'],
    ['GET', '/v1/nothing', 404, 'RouteNotFound'],
    ['GET', '/v1/audit/events?type=no.such', 400, 'BadRequest'],
    ['GET', '/v1/checkpoints?cursor=x', 400, 'BadRequest'],
    ['GET', '/v1/checkpoints?limit=0', 400, 'BadRequest'],
  ])('%s %s is a %i %s', async (method, route, status, code) => {
    const answer = await t.call(method, route);
    expect(answer).toMatchObject({ status, body: { status, code } });
    expect(answer.headers.get('stasis-position')).toMatch(/^default\/\d+$/);
    expect(answer.headers.get('x-request-id')).toBe(answer.body['requestId']);
  });

  it.each([
    [{ ...ask, container: 'none' }, 404, 'ContainerNotFound'],
    [{ ...ask, container: '../x' }, 400, 'BadRequest'],
    [{ ...ask, surprise: 1 }, 400, 'BadRequest'],
    [{ ...ask, leaveRunning: 'yes' }, 400, 'BadRequest'],
    [{ ...ask, reason: 'a\0b' }, 400, 'BadRequest'],
    [{ ...ask, labels: { a: '\ud800' } }, 400, 'BadRequest'],
    [{ ...ask, reason: 'x'.repeat(1024 * 1024) }, 413, 'PayloadTooLarge'],
  ])('a checkpoint of %o is a %i %s and records nothing', async (body, status, code) => {
    const head = await t.api.platform.ledger.head('default');
    expect(await t.call('POST', '/v1/checkpoints', body)).toMatchObject({ status, body: { code } });
    expect(await t.api.platform.ledger.head('default')).toBe(head);
  });

  it('lists the candidates of a name that several containers have', async () => {
    const { status, body } = await t.call('POST', '/v1/checkpoints', { container: 'twice' });
    expect(status).toBe(409);
    expect(body).toMatchObject({ code: 'AmbiguousName', candidates: ['node-1/twice', 'node-2/twice'] });
  });
});

describe('an Idempotency-Key', () => {
  const asked = (key: string, body: unknown): ReturnType<TestApi['call']> =>
    t.call('POST', '/v1/checkpoints', body, { 'idempotency-key': key });

  it('gives the same request the same answer, also when they come at once', async () => {
    const answers = await Promise.all([asked('k1', ask), asked('k1', ask), asked('k1', ask)]);
    const again = await asked('k1', ask);
    expect(new Set([...answers, again].map(({ body }) => body['id'])).size).toBe(1);
    expect([...answers, again].map(({ status }) => status)).toEqual([202, 202, 202, 202]);
  });

  it('is refused for another request', async () => {
    expect((await asked('k2', ask)).status).toBe(202);
    const other = await asked('k2', { ...ask, leaveRunning: false });
    expect(other).toMatchObject({ status: 422, body: { code: 'IdempotencyKeyReused' } });
  });

  it('is free again after a refusal', async () => {
    expect((await asked('k3', { ...ask, container: 'not-yet' })).status).toBe(404);
    expect((await asked('k3', ask)).status).toBe(202);
  });

  it('makes nothing twice when the first request was cut off after its event', async () => {
    const first = await asked('k4', ask);
    const id = String(first.body['id']);
    // As a crash between the append and the keeping of the answer leaves it.
    await t.api.platform.ledger.database.query(
      `update idempotency_keys set status = null, body = $1::jsonb, created = to_timestamp(0) where key = 'k4' returning 1 as one`,
      [JSON.stringify({ id })],
    );
    expect((await asked('k4', ask)).body['id']).toBe(id);
    const { body } = await t.call('GET', `/v1/checkpoints/${id}`);
    expect((body['timeline'] as unknown[]).length).toBe(1);
  });
});

describe('the contract', () => {
  it('describes every route at /openapi.json', async () => {
    const { body } = await t.call('GET', '/openapi.json');
    expect(body['openapi']).toBe('3.1.1');
    const paths = body['paths'] as Record<string, Record<string, unknown>>;
    for (const { method, path: template } of Object.values(routes))
      expect(paths[template.replaceAll(/:(\w+)/g, '{$1}')]).toHaveProperty(method.toLowerCase());
  });

  it('holds what the api answers', async () => {
    const id = String((await t.call('POST', '/v1/checkpoints', { ...ask, reason: 'a reason' })).body['id']);
    await t.report(...goodCheckpoint('node-1', id));
    await t.until(`/v1/checkpoints/${id}`, ({ phase }) => phase === 'Ready');
    const restore = await t.call('POST', '/v1/restores', { checkpoint: id, name: 'copy' });
    expect(restore.status).toBe(202);
    const event = ((await t.call('GET', '/v1/audit/events?limit=1')).body['items'] as { id: string }[])[0]?.id;
    const reads: [Route, string][] = [
      [routes.getCheckpoint, `/v1/checkpoints/${id}`],
      [routes.listCheckpoints, '/v1/checkpoints?limit=2'],
      [routes.getCompatibility, `/v1/checkpoints/${id}/compatibility?node=node-2`],
      [routes.getRestore, `/v1/restores/${String(restore.body['id'])}`],
      [routes.listRestores, `/v1/restores?checkpoint=${id}`],
      [routes.listContainers, '/v1/containers'],
      [routes.getContainer, '/v1/containers/node-1/web-1'],
      [routes.listNodes, '/v1/nodes'],
      [routes.getNode, '/v1/nodes/node-1'],
      [routes.listEvents, '/v1/audit/events?container=web-1&order=desc&limit=5'],
      [routes.getEvent, `/v1/audit/events/${String(event)}`],
      [routes.getProof, `/v1/audit/proof?event=${String(event)}`],
      [routes.getConsistency, '/v1/audit/consistency?from=1&to=2'],
      [routes.verifyLedger, '/v1/audit/verify'],
      [routes.latestTreeHead, '/v1/tree-heads/latest'],
      [routes.listTreeHeads, '/v1/tree-heads?after=0&limit=2'],
      [routes.health, '/healthz'],
    ];
    for (const [route, url] of reads) {
      const { status, body } = await t.call('GET', url);
      expect({ url, status }).toEqual({ url, status: 200 });
      expect({ url, error: route.answer.safeParse(body).error }).toEqual({ url, error: undefined });
    }
  });

  it('is dated: a read waits for the position that it is asked to reflect', async () => {
    const { body } = await t.call('POST', '/v1/checkpoints', ask);
    const place = `default/${String(body['position'])}`;
    const read = await t.call('GET', `/v1/checkpoints/${String(body['id'])}?waitFor=${place}`);
    expect(read.status).toBe(200);
    expect(Number(read.headers.get('stasis-position')?.split('/')[1])).toBeGreaterThanOrEqual(Number(body['position']));
  });
});

describe('a start', () => {
  it('of a command is denied unless the platform allows it', async () => {
    const { status, body } = await t.call('POST', '/v1/containers', { node: 'node-1', name: 'n', command: ['true'] });
    expect(status).toBe(403);
    expect(body['code']).toBe('PolicyDenied');
  });

  it('of a bundle is recorded, and refused at once where the name is taken', async () => {
    const start = { node: 'node-1', bundle: '/bundles/x' };
    const good = await t.call('POST', '/v1/containers', { ...start, name: 'new-1' });
    expect(good).toMatchObject({ status: 202, body: { id: 'node-1/new-1', openRequests: [{ verb: 'start' }] } });
    const taken = await t.call('POST', '/v1/containers', { ...start, name: 'web-1' });
    expect(taken).toMatchObject({ status: 202, body: { openRequests: [], lastFailure: { reason: 'NameTaken' } } });
    expect(taken.body['request']).toBe((taken.body['lastFailure'] as { request: string }).request);
    expect((await t.call('POST', '/v1/containers', { ...start, node: 'none', name: 'n' })).status).toBe(404);
    expect((await t.call('POST', '/v1/containers', { node: 'node-1', name: 'n' })).status).toBe(400);
  });
});

describe('readiness and metrics', () => {
  it('are open: ready once both agents of each expected node have joined and a tree head is signed', async () => {
    const { body } = await t.call('GET', '/readyz', undefined, { authorization: '' });
    expect(body).toMatchObject({ ready: true });
    expect((body['parts'] as { part: string }[]).map(({ part }) => part)).toEqual([
      'database',
      'bus',
      'tree head',
      'tree heads outside the database',
      'checkpointer of node-1',
      'restorer of node-1',
    ]);
    const metrics = await t.call('GET', '/metrics', undefined, { authorization: '' });
    expect(metrics.body['text']).toContain('stasis_checkpoint_operations_total{result="ready",reason=""}');
    expect(metrics.body['text']).toContain('stasis_checkpoint_freeze_seconds_bucket');
    expect(metrics.body['text']).toContain('stasis_checkpoint_phase_duration_seconds_count{phase="store"}');
  });
});
