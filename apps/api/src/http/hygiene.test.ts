import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { get } from 'node:https';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { selfSigned, startPostgres, type TestPostgres } from '@stasis/testing';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { newSecret } from '../access/secrets.ts';
import { applyMigrations, nodeWithContainer, startTestApi, type TestApi } from '../testApi.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 120_000 });

let postgres: TestPostgres;
const migrated = async (): Promise<string> => {
  const databaseUrl = await postgres.createDatabase();
  await applyMigrations(databaseUrl);
  return databaseUrl;
};
beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres?.stop());

describe('an answer', () => {
  let t: TestApi;
  beforeAll(async () => {
    t = await startTestApi({ databaseUrl: await migrated() });
  });
  afterAll(() => t?.stop());

  it.each(['/v1/nodes', '/v1/nothing', '/healthz', '/v1/events'])('of %s has the security headers', async (route) => {
    const answer = await fetch(`${t.api.url}${route}`, { headers: { authorization: `Bearer ${t.token}` } });
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
    expect(answer.headers.get('x-frame-options')).toBe('SAMEORIGIN');
    expect(answer.headers.get('content-security-policy')).toContain("default-src 'self'");
    expect(answer.headers.get('strict-transport-security')).toBeNull();
    await answer.body?.cancel();
  });

  it.each(['/v1/nodes?limit=1001', '/v1/audit/events?limit=100000', '/v1/checkpoints?limit=-1'])(
    'of %s is refused: pages have a limit',
    async (route) => {
      expect(await t.call('GET', route)).toMatchObject({ status: 400, body: { code: 'BadRequest' } });
    },
  );
});

/** The status of a GET that comes from another address of this machine. */
const statusFrom = (localAddress: string, url: string, token: string): Promise<number | undefined> =>
  new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${token}` };
    request(url, { localAddress, headers, agent: false }, (answer) => {
      answer.resume();
      resolve(answer.statusCode);
    })
      .on('error', reject)
      .end();
  });

describe('too many requests', () => {
  const limited = async (): Promise<TestApi> =>
    startTestApi({ databaseUrl: await migrated(), env: { STASIS_RATE_LIMIT: '5' } });

  it('of one address are answered 429 with the time to wait', async () => {
    const t = await limited();
    try {
      const answers = await Promise.all(Array.from({ length: 40 }, () => t.call('GET', '/healthz')));
      const refused = answers.filter(({ status }) => status === 429);
      expect(refused.length).toBeGreaterThanOrEqual(10);
      expect(refused[0]).toMatchObject({ body: { code: 'TooManyRequests' } });
      expect(Number(refused[0]?.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    } finally {
      await t.stop();
    }
  });

  it.runIf(process.platform === 'linux')('of one token are refused wherever they come from', async () => {
    const t = await limited();
    try {
      const addresses = Array.from({ length: 6 }, (_, n) => `127.0.0.${n + 2}`);
      const from = addresses.flatMap((address) => Array.from({ length: 8 }, () => address));
      const statuses = await Promise.all(from.map((address) => statusFrom(address, `${t.api.url}/v1/whoami`, t.token)));
      expect(statuses).toContain(200);
      expect(statuses.filter((status) => status === 429).length).toBeGreaterThanOrEqual(10);
    } finally {
      await t.stop();
    }
  });
});

/** Every text that the database holds, leaves decoded. */
async function everythingKept(t: TestApi): Promise<string> {
  const { database } = t.api.platform.ledger;
  const tables = await database.query<{ name: string }>(
    `select format('%I', tablename) as name from pg_tables where schemaname = 'public'`,
    [],
  );
  const texts = [
    ...(await database.query<{ text: string }>(`select convert_from(leaf, 'UTF8') as text from events`, [])),
  ];
  for (const { name } of tables)
    texts.push(...(await database.query<{ text: string }>(`select t::text from ${name} t`, [])));
  return texts.map((row) => Object.values(row).join()).join('\n');
}

describe('a token in an odd place', () => {
  it('is in no line of the log and nowhere in the database', async () => {
    const lines: string[] = [];
    const databaseUrl = await migrated();
    const t = await startTestApi({
      databaseUrl,
      env: { STASIS_NODES: 'node-1' },
      log: (line) => lines.push(line),
    });
    try {
      await t.report(...nodeWithContainer('node-1', 'web-1'));
      await t.until('/v1/containers/node-1/web-1');
      const secret = newSecret();
      const ask = { container: 'node-1/web-1', leaveRunning: true };
      const encoded = secret.replace('_', '%5F');
      const odd: [string, string, unknown?, Record<string, string>?][] = [
        ['GET', `/v1/nodes?token=${secret}`],
        ['GET', `/v1/${secret}`],
        ['GET', `/v1/containers/node-1/${secret}`],
        ['GET', `/v1/audit/events?container=${encoded}`],
        ['GET', `/v1/audit/events?text=${secret}`],
        ['GET', '/v1/nodes', undefined, { authorization: secret }],
        ['GET', '/v1/nodes', undefined, { authorization: `Basic ${secret}` }],
        ['GET', '/v1/nodes', undefined, { authorization: `Bearer ${secret}` }],
        ['GET', '/v1/nodes', undefined, { cookie: `t=${secret}`, 'x-api-key': secret, 'user-agent': secret }],
        ['GET', '/v1/events', undefined, { 'last-event-id': secret }],
        ['POST', '/v1/checkpoints', { ...ask, reason: `with ${secret}` }],
        ['POST', '/v1/checkpoints', { ...ask, reason: { text: 'x', ticket: secret } }],
        ['POST', '/v1/checkpoints', { ...ask, labels: { [secret]: 'x' } }],
        ['POST', '/v1/checkpoints', { ...ask, container: secret }],
        ['POST', '/v1/checkpoints', ask, { 'idempotency-key': secret }],
        ['POST', '/v1/tokens', { name: secret, role: 'viewer' }],
        ['POST', `/v1/tokens/${secret}/revoke`],
        ['DELETE', `/v1/containers/node-1/${secret}`],
      ];
      for (const [method, route, body, headers] of odd) await t.call(method, route, body, headers);
      const made = await t.call('POST', '/v1/tokens', { name: 'x', role: 'viewer' });
      const shown = String(made.body['secret']);
      await t.call('POST', '/v1/checkpoints', ask, { authorization: `Bearer ${shown}` });
      const all = `${lines.join('')}\n${await everythingKept(t)}`;
      expect(lines.join('')).toContain('stasis_***');
      for (const each of [secret, t.token, shown]) expect(all.includes(each)).toBe(false);
      expect(all.includes(encoded)).toBe(false);
    } finally {
      await t.stop();
    }
  });
});

describe('with a certificate', () => {
  let home: string;
  beforeAll(async () => {
    home = await mkdtemp(path.join(tmpdir(), 'stasis-test-tls-'));
  });
  afterAll(() => rm(home, { recursive: true, force: true }));

  const files = async (cert: string, key: string): Promise<Record<string, string>> => {
    const env = { STASIS_TLS_CERT: path.join(home, 'cert.pem'), STASIS_TLS_KEY: path.join(home, 'key.pem') };
    await writeFile(env.STASIS_TLS_CERT, cert);
    await writeFile(env.STASIS_TLS_KEY, key, { mode: 0o600 });
    return env;
  };

  it('the api speaks TLS, and nothing else', async () => {
    const { cert, key } = selfSigned();
    const t = await startTestApi({ databaseUrl: await migrated(), env: await files(cert, key) });
    try {
      expect(t.api.url).toMatch(/^https:/);
      const headers = await new Promise<object>((resolve, reject) => {
        get(`${t.api.url}/healthz`, { ca: cert }, (answer) => {
          answer.resume();
          resolve({ status: answer.statusCode, ...answer.headers });
        }).on('error', reject);
      });
      expect(headers).toMatchObject({ status: 200, 'strict-transport-security': expect.stringMatching(/max-age/) });
      await expect(fetch(`${t.api.url.replace('https', 'http')}/healthz`)).rejects.toThrowError();
    } finally {
      await t.stop();
    }
  });

  it('of another key it does not start', async () => {
    const env = await files(selfSigned().cert, selfSigned().key);
    await expect(startTestApi({ databaseUrl: await migrated(), env })).rejects.toMatchObject({ code: 'ConfigInvalid' });
  });
});
