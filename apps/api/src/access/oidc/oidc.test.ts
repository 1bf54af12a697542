import { startPostgres, type TestPostgres } from '@stasis/testing';
import { UnsecuredJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createLog } from '../../http/createLog.ts';
import { type Answer, applyMigrations, startTestApi, type TestApi } from '../../testApi.ts';
import { createProviderKeys } from './providerKeys.ts';
import { readOidcSettings } from './oidcSettings.ts';
import { roleOf } from './roleOf.ts';
import { startTestProvider, testAudience, type TestProvider } from './testProvider.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 120_000 });

let postgres: TestPostgres;
let provider: TestProvider;
let t: TestApi;
const lines: string[] = [];
const roles =
  'scope:stasis.admin=admin,scope:stasis.approver=approver,scope:stasis.restorer=restorer,scope:stasis.viewer=viewer';

beforeAll(async () => {
  postgres = await startPostgres();
  provider = await startTestProvider();
  const databaseUrl = await postgres.createDatabase();
  await applyMigrations(databaseUrl);
  t = await startTestApi({
    databaseUrl,
    log: (line) => lines.push(line),
    env: { STASIS_OIDC_ISSUER: provider.issuer, STASIS_OIDC_AUDIENCE: testAudience, STASIS_OIDC_ROLES: roles },
  });
});

afterAll(async () => {
  await t?.stop();
  await provider?.stop();
  await postgres?.stop();
});

let refused = 0;
const whoami = (jwt: string): Promise<Answer> =>
  t.call('GET', '/v1/whoami', undefined, { authorization: `Bearer ${jwt}` });

describe('a token of the identity provider', () => {
  it('signs in under an opaque id that stays the same, with the role of its claims', async () => {
    const first = await whoami(await provider.token('ada', 'stasis.viewer'));
    expect(first).toMatchObject({ status: 200, body: { name: 'ada of the tests', role: 'viewer' } });
    expect(first.body['id']).toMatch(/^sub_/);
    const again = await whoami(await provider.token('ada', 'stasis.restorer'));
    expect(again.body).toMatchObject({ id: first.body['id'], role: 'restorer' });
    expect((await whoami(await provider.token('bob', 'stasis.viewer'))).body['id']).not.toBe(first.body['id']);
  });

  it('gets one id from many first requests at once, recorded once and without a name', async () => {
    const jwts = await Promise.all(Array.from({ length: 8 }, () => provider.forge({ sub: 'eve', name: 'Eve' })));
    const ids = await Promise.all(jwts.map(async (jwt) => (await whoami(jwt)).body['id']));
    expect(new Set(ids).size).toBe(1);
    const { items } = (await t.call('GET', '/v1/audit/events?ledger=system&type=subject.joined&limit=1000')).body as {
      items: Record<string, unknown>[];
    };
    const joined = items.filter(({ subject }) => subject === ids[0]);
    expect(joined).toMatchObject([{ authid: ids[0], data: { issuer: provider.issuer, role: 'viewer' } }]);
    expect(JSON.stringify(items)).not.toMatch(/Eve|eve|ada/);
  });

  it('without a role may ask who it is, and nothing else', async () => {
    const jwt = await provider.token('ci', 'other');
    expect((await whoami(jwt)).body).toMatchObject({ role: 'none', actions: ['token.whoami'] });
    const denied = await t.call('GET', '/v1/nodes', undefined, { authorization: `Bearer ${jwt}` });
    expect(denied).toMatchObject({ status: 403, body: { code: 'NotAuthorised' } });
  });

  const now = (): number => Math.floor(Date.now() / 1000);
  it('within 60 s of clock skew is good', async () => {
    for (const claims of [{ exp: now() - 30 }, { nbf: now() + 30 }])
      expect((await whoami(await provider.forge(claims))).status).toBe(200);
  });

  it.each<[string, () => Promise<string>]>([
    ['from another issuer', () => provider.forge({ iss: 'https://elsewhere.example' })],
    ['for another audience', () => provider.forge({ aud: 'https://other.example' })],
    ['for no audience', () => provider.forge({ aud: null })],
    ['that has expired', () => provider.forge({ exp: now() - 70 })],
    ['that never expires', () => provider.forge({ exp: null })],
    ['that is not good yet', () => provider.forge({ nbf: now() + 90 })],
    ['of nobody', () => provider.forge({ sub: null })],
    ['signed with HMAC under the public key', () => provider.confused()],
    [
      'signed by nobody',
      async () =>
        new UnsecuredJWT({ sub: 'ci' })
          .setIssuer(provider.issuer)
          .setAudience(testAudience)
          .setExpirationTime('1h')
          .encode(),
    ],
    ['under a key id that is not known', () => provider.forge({}, { kid: 'unheard-of' })],
    [
      'whose payload was changed',
      async () => {
        const [header, , signature] = (await provider.forge()).split('.');
        const payload = Buffer.from(
          JSON.stringify({
            iss: provider.issuer,
            aud: testAudience,
            sub: 'ada',
            exp: now() + 60,
            scope: 'stasis.admin',
          }),
        );
        return `${header}.${payload.toString('base64url')}.${signature}`;
      },
    ],
  ])('%s is refused, and that is counted', async (_, make) => {
    const { status, body } = await whoami(await make());
    expect([status, body['code']]).toEqual([401, 'Unauthenticated']);
    const { text } = (await t.call('GET', '/metrics')).body;
    const counted = /stasis_access_denied_total\{code="Unauthenticated",action="token.whoami"\} (\d+)/.exec(
      String(text),
    );
    refused += 1;
    expect(Number(counted?.[1])).toBe(refused);
  });

  it('is in no line of the log and in no row', async () => {
    const jwt = await provider.token('ci', 'stasis.viewer');
    await whoami(jwt);
    await t.call('GET', `/v1/nodes?x=${jwt}`);
    expect(lines.join('')).not.toContain(jwt.slice(-40));
  });

  it('outside its header is refused, so that none is kept', async () => {
    const container = await provider.token('ci', 'stasis.viewer');
    expect((await t.call('POST', '/v1/checkpoints', { container, leaveRunning: true })).status).toBe(400);
  });
});

describe('the keys of the provider', () => {
  const quick = { freshMs: 50, longestMs: 3_600_000, pauseMs: 500, timeoutMs: 2000 };
  const find = async (keys: ReturnType<typeof createProviderKeys>, jwt: string): Promise<string> => {
    const [header = '', payload = '', signature = ''] = jwt.split('.');
    const read = JSON.parse(Buffer.from(header, 'base64url').toString()) as { alg: string; kid: string };
    try {
      await keys(read, { payload, signature });
      return 'found';
    } catch (error) {
      return (error as { code: string }).code;
    }
  };

  it('are fetched again for an id that is not known, at most once in a while, and go on when it is down', async () => {
    const own = await startTestProvider();
    try {
      const keys = createProviderKeys(own.issuer, createLog('silent'), quick);
      const old = await own.forge();
      expect(await find(keys, old)).toBe('found');
      await own.rotate();
      const rotated = await own.forge();
      await new Promise((resolve) => setTimeout(resolve, 600));
      expect(await find(keys, rotated)).toBe('found');
      const before = own.fetches();
      const junk = await own.forge({}, { kid: 'junk' });
      for (let n = 0; n < 50; n += 1) expect(await find(keys, junk)).toBe('ERR_JWKS_NO_MATCHING_KEY');
      expect(own.fetches() - before).toBeLessThanOrEqual(2);
      await own.stop();
      await new Promise((resolve) => setTimeout(resolve, 600));
      expect(await find(keys, rotated)).toBe('found');
      expect(await find(createProviderKeys(own.issuer, createLog('silent'), quick), rotated)).toBe('SignInUnavailable');
      expect(await find(createProviderKeys(own.issuer, createLog('silent'), quick), old)).toBe('SignInUnavailable');
    } finally {
      await own.stop();
    }
  });
});

describe('the settings of the sign-in', () => {
  const good = {
    STASIS_OIDC_ISSUER: 'https://id.example',
    STASIS_OIDC_AUDIENCE: 'a',
    STASIS_OIDC_ROLES: 'g:ops=operator',
  };
  it('name issuer, audience and rules, or nothing at all', () => {
    expect(readOidcSettings({})).toBeUndefined();
    const read = readOidcSettings({ ...good, STASIS_OIDC_ROLES: 'https://x/groups:ops=operator, scope:s=viewer' });
    expect(read?.roles).toEqual([
      { claim: 'https://x/groups', value: 'ops', role: 'operator' },
      { claim: 'scope', value: 's', role: 'viewer' },
    ]);
  });

  it.each([
    [{ ...good, STASIS_OIDC_AUDIENCE: '' }, 'STASIS_OIDC_AUDIENCE'],
    [{ ...good, STASIS_OIDC_ISSUER: 'http://id.example' }, 'https'],
    [{ ...good, STASIS_OIDC_ROLES: 'ops=operator' }, 'STASIS_OIDC_ROLES'],
    [{ ...good, STASIS_OIDC_ROLES: 'g:ops=king' }, 'STASIS_OIDC_ROLES'],
  ])('of %o are refused', (env, name) => {
    expect(() => readOidcSettings(env)).toThrowError(name);
  });
});

describe('the role of a claim', () => {
  const rules = [
    { claim: 'groups', value: 'root', role: 'admin' },
    { claim: 'realm_access.roles', value: 'ops', role: 'operator' },
    { claim: 'scope', value: 'look', role: 'viewer' },
  ] as const;
  it.each([
    [{ groups: ['ops', 'root'], scope: 'look' }, 'admin'],
    [{ realm_access: { roles: ['ops'] } }, 'operator'],
    [{ scope: 'openid look' }, 'viewer'],
    [{ scope: 'looking' }, 'none'],
    [{ groups: { root: true } }, 'none'],
    [{ groups: 'toor' }, 'none'],
  ])('of %o is %s', (claims, role) => {
    expect(roleOf(claims, rules)).toBe(role);
  });
});
