import { setTimeout as sleep } from 'node:timers/promises';
import { pathOf, type RouteName, type Routes, routes } from '@stasis/api-contract';
import { startPostgres, type TestPostgres } from '@stasis/testing';
import pg from 'pg';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import {
  applyMigrations,
  discovered,
  goodCheckpoint,
  nodeWithContainer,
  startTestApi,
  type TestApi,
} from '../testApi.ts';

vi.setConfig({ testTimeout: 90_000, hookTimeout: 120_000 });

/** Every route that a token acts through: a new one does not compile until it has its request below. */
type Acting = {
  [N in RouteName]: Routes[N] extends { method: 'GET' } | { auth: false } | { action: 'audit.verify' | 'token.whoami' }
    ? never
    : N;
}[RouteName];

interface Request {
  readonly params?: Record<string, string>;
  readonly body?: object;
}

let postgres: TestPostgres;
let t: TestApi;
let requests: { readonly [N in Acting]: Request };

const idOf = async (route: string, body: object): Promise<string> => {
  const answer = await t.call('POST', route, body);
  expect(answer.status).toBeLessThan(300);
  return String(answer.body['id']);
};

beforeAll(async () => {
  postgres = await startPostgres({ own: true });
  const databaseUrl = await postgres.createDatabase();
  await applyMigrations(databaseUrl);
  t = await startTestApi({ databaseUrl, env: { STASIS_ALLOW_HOST_COMMANDS: '1' } });
  await t.report(...nodeWithContainer('node-1', 'web-1'));
  await t.until('/v1/containers/node-1/web-1');
  const ask = { container: 'node-1/web-1', leaveRunning: true };
  const ready = await idOf('/v1/checkpoints', ask);
  await t.report(...goodCheckpoint('node-1', ready));
  await t.until(`/v1/checkpoints/${ready}`, ({ phase }) => phase === 'Ready');
  const restore = { checkpoint: ready, name: 'copy' };
  await t.call('POST', '/v1/signing-keys');
  const keys = await t.until('/v1/signing-keys', ({ items }) => (items as { state: string }[]).length > 1);
  const [oldKey] = (keys['items'] as { keyId: string }[]).map(({ keyId }) => keyId);
  const { id, type, subject, time, data } = discovered('node-1', 'node-1-extra');
  requests = {
    requestCheckpoint: { body: ask },
    cancelCheckpoint: { params: { id: await idOf('/v1/checkpoints', ask) } },
    requestRestore: { body: restore },
    cancelRestore: { params: { id: await idOf('/v1/restores', restore) } },
    requestStart: { body: { node: 'node-1', name: 'new', command: ['/bin/true'] } },
    requestStop: { params: { node: 'node-1', id: 'web-1' } },
    requestRemove: { params: { node: 'node-1', id: 'web-1' } },
    recordReport: { body: { node: 'node-1', facts: [{ id, type, subject, time, data }] } },
    rebuildLedger: {},
    inviteNode: { body: { node: 'node-3' } },
    rotateSigningKey: {},
    retireSigningKey: { params: { keyId: oldKey ?? '' } },
    createToken: { body: { name: 'x', role: 'viewer' } },
    revokeToken: { params: { id: await idOf('/v1/tokens', { name: 'y', role: 'viewer' }) } },
  };
});

afterAll(async () => {
  await t?.stop();
  await postgres?.stop();
});

/** What was recorded, and what it changed; without what the api keeps for itself. */
const tables = [
  'events',
  'event_texts',
  'tokens',
  'enrolment_tokens',
  'checkpoints',
  'restores',
  'containers',
  'nodes',
];
async function everything(client: pg.Client): Promise<object> {
  const found: Record<string, unknown> = {};
  for (const table of tables) found[table] = (await client.query(`select r::text from ${table} r order by 1`)).rows;
  return found;
}

const connected = async (): Promise<pg.Client> => {
  const client = new pg.Client({ connectionString: t.databaseUrl });
  client.on('error', () => {});
  await client.connect();
  return client;
};

/** Resolves once this many sessions wait for a lock that `holder` has. */
async function untilBlocked(client: pg.Client): Promise<void> {
  for (;;) {
    const { rows } = await client.query(`select 1 from pg_locks where locktype = 'advisory' and not granted`);
    if (rows.length > 0) return;
    await sleep(20);
  }
}

it('no request does anything when Postgres dies after it was allowed and before it is recorded', async () => {
  const [watcher, holder] = [await connected(), await connected()];
  const before = await everything(watcher);
  await holder.query(`begin; select pg_advisory_xact_lock(hashtextextended('stasis ledger default', 0)),
    pg_advisory_xact_lock(hashtextextended('stasis ledger system', 0))`);
  const answers = Object.entries(requests).map(async ([name, request]) => {
    const route = routes[name as Acting];
    const answer = await t.call(route.method, pathOf(route, request), request.body);
    return [name, answer.status, answer.body['code']];
  });
  // Each is past its gate and waits to be recorded.
  await untilBlocked(watcher);
  await sleep(1000);
  await postgres.kill();
  await holder.end().catch(() => {});
  await watcher.end().catch(() => {});
  expect(await Promise.all(answers)).toEqual(Object.keys(requests).map((name) => [name, 503, 'AuditUnavailable']));
  await postgres.restart();
  const after = await connected();
  try {
    expect(await everything(after)).toEqual(before);
  } finally {
    await after.end();
  }
});

it('the same requests are recorded once Postgres is back', async () => {
  const { status } = await t.call('POST', '/v1/checkpoints', requests.requestCheckpoint.body);
  expect(status).toBe(202);
});
