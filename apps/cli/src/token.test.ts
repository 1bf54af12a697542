import { afterEach, describe, expect, it } from 'vitest';
import { type Asked, type FakeApi, problem, startFakeApi } from './testing/fakeApi.ts';
import { type Ran, runLine } from './testing/runLine.ts';

let api: FakeApi | undefined;
afterEach(() => api?.close());

const token = {
  ...{
    id: 'sub_01kb0000000000000000000000',
    name: 'Ada, who has a name that is much longer than a table',
    role: 'auditor',
  },
  ...{ created: '2026-11-24T10:00:00.000Z', expires: '2099-11-24T10:00:00.000Z', revoked: null },
};
const secret = `stasis_${'s'.repeat(43)}`;

const against = async (
  answer: (asked: Asked) => { status: number; body: object },
  ...words: string[]
): Promise<Ran> => {
  api = await startFakeApi(answer);
  return runLine(words, { STASIS_SERVER: api.url, STASIS_TOKEN: 'secret' });
};

describe('stasis token', () => {
  it('create asks for role, name, time and nodes, and prints the secret on stdout only', async () => {
    const made = (): { status: number; body: object } => ({ status: 200, body: { ...token, secret } });
    const words = 'token create --role auditor --name Ada --expires 30d --node node-a node-b'.split(' ');
    const { code, out, err } = await against(made, ...words);
    expect(code).toBe(0);
    expect(api?.asked[0]).toMatchObject({
      method: 'POST',
      path: '/v1/tokens',
      body: { role: 'auditor', name: 'Ada', expiresIn: 30 * 86_400, nodes: ['node-a', 'node-b'] },
    });
    expect(api?.asked[0]?.headers['idempotency-key']).toBeUndefined();
    expect(out).toContain(secret);
    expect(err).not.toContain(secret);
  });

  it('create of an unknown role, or without a name, exits 2', async () => {
    expect((await runLine(['token', 'create', '--role', 'god', '--name', 'x'])).code).toBe(2);
    expect((await runLine(['token', 'create', '--role', 'viewer'])).code).toBe(2);
  });

  it('ls fits 80 columns and says which work', async () => {
    const revoked = { ...token, revoked: token.created };
    const body = { items: [token, revoked, { ...token, expires: token.created }], next: null, position: 3 };
    const { out } = await against(() => ({ status: 200, body }), 'token', 'ls');
    const [, ...lines] = out.trimEnd().split('\n');
    expect(lines.map((line) => /works|revoked|expired/.exec(line)?.[0])).toEqual(['works', 'revoked', 'expired']);
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(80);
  });

  it('revoke says why', async () => {
    const body = { ...token, revoked: token.created };
    const { out } = await against(() => ({ status: 200, body }), 'token', 'revoke', token.id, '--reason', 'lost');
    expect(out).toBe(`${token.id}  revoked\n`);
    expect(api?.asked[0]).toMatchObject({ path: `/v1/tokens/${token.id}/revoke`, body: { reason: 'lost' } });
  });

  it('exits 5 where the api denies it', async () => {
    const { code, err } = await against(() => problem(403, 'NotAuthorised', 'no'), 'token', 'ls');
    expect(code).toBe(5);
    expect(err).toContain('error: NotAuthorised: no');
  });
});

it('stasis whoami tells role and end', async () => {
  const { out } = await against(
    () => ({ status: 200, body: { ...token, expires: null, actions: ['audit.read', 'audit.prove'] } }),
    'whoami',
  );
  expect(out).toMatch(/^role +auditor$/m);
  expect(out).toMatch(/^expires +never$/m);
  expect(out).toMatch(/^may +audit.read, audit.prove$/m);
});
