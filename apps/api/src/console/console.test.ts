import { startPostgres } from '@stasis/testing';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { useTestApi } from '../testApi.ts';

const t = useTestApi(startPostgres);

afterEach(() => {
  vi.useRealTimers();
});

const fromConsole = { 'x-stasis-console': '1' };
const ask = (method: string, place: string, headers: Record<string, string>): Promise<Response> =>
  fetch(`${t.api.url}${place}`, { method, headers });

/** Opens a session. @returns the cookie as the browser sends it back, and its attributes. */
async function open(token = t.token): Promise<{ cookie: string; attributes: string[] }> {
  const answer = await ask('POST', '/v1/session', { authorization: `Bearer ${token}`, ...fromConsole });
  expect(answer.status).toBe(200);
  const [cookie = '', ...attributes] = (answer.headers.get('set-cookie') ?? '').split('; ');
  return { cookie, attributes };
}

const whoami = (headers: Record<string, string>): Promise<Response> => ask('GET', '/v1/whoami', headers);

describe('a session of the console', () => {
  it('stands for its token, in a cookie that no script can read and no other site sends', async () => {
    const { cookie, attributes } = await open();
    expect(attributes).toEqual(expect.arrayContaining(['Path=/', 'HttpOnly', 'SameSite=Strict']));
    expect(cookie).not.toContain(t.token);
    const answer = await whoami({ cookie, ...fromConsole });
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({ role: 'admin' });
  });

  it('is not heard without the header that another site cannot set', async () => {
    const { cookie } = await open();
    expect((await whoami({ cookie })).status).toBe(401);
    expect((await ask('POST', '/v1/tokens', { cookie })).status).toBe(401);
  });

  it('is nothing when its cookie was changed, and the cookie is taken back', async () => {
    const { cookie } = await open();
    // Somewhere in the middle: the last characters of base64url hold bits that mean nothing.
    const at = Math.floor(cookie.length / 2);
    const changed = cookie.slice(0, at) + (cookie[at] === 'A' ? 'B' : 'A') + cookie.slice(at + 1);
    const answer = await whoami({ cookie: changed, ...fromConsole });
    expect(answer.status).toBe(401);
    expect(answer.headers.get('set-cookie')).toMatch(/^stasis_session=;/);
  });

  it('ends half an hour after its last request, and twelve hours after it was opened', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    let { cookie } = await open();
    const after = async (minutes: number): Promise<number> => {
      vi.setSystemTime(Date.now() + minutes * 60_000);
      const answer = await whoami({ cookie, ...fromConsole });
      cookie = answer.headers.get('set-cookie')?.split('; ')[0] ?? cookie;
      return answer.status;
    };
    expect(await after(29)).toBe(200);
    expect(await after(29)).toBe(200);
    expect(await after(31)).toBe(401);
    ({ cookie } = await open());
    for (let n = 0; n < 25; n += 1) expect(await after(28)).toBe(200);
    expect(await after(28)).toBe(401);
  });

  it('does not open another one', async () => {
    const { cookie } = await open();
    expect((await ask('POST', '/v1/session', { cookie, ...fromConsole })).status).toBe(401);
  });

  it('ends with its token', async () => {
    const made = (await t.call('POST', '/v1/tokens', { name: 'a viewer', role: 'viewer' })).body as {
      id: string;
      secret: string;
    };
    const { cookie } = await open(made.secret);
    expect((await whoami({ cookie, ...fromConsole })).status).toBe(200);
    await t.call('POST', `/v1/tokens/${made.id}/revoke`);
    expect((await whoami({ cookie, ...fromConsole })).status).toBe(401);
  });

  it('is closed by who has it', async () => {
    const { cookie } = await open();
    const answer = await ask('DELETE', '/v1/session', { cookie, ...fromConsole });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('set-cookie')).toMatch(/^stasis_session=;/);
  });

  it('tells each role what it may do somewhere', async () => {
    const actionsOf = async (token: string): Promise<string[]> =>
      ((await (await whoami({ authorization: `Bearer ${token}` })).json()) as { actions: string[] }).actions;
    const made = (await t.call('POST', '/v1/tokens', { name: 'an operator', role: 'operator', nodes: ['node-1'] }))
      .body as { secret: string };
    const may = await actionsOf(made.secret);
    expect(may).toEqual(expect.arrayContaining(['checkpoint.request', 'container.stop', 'events.follow']));
    expect(may).not.toEqual(expect.arrayContaining(['restore.request']));
    expect(may).not.toContain('audit.read');
    expect(await actionsOf(t.token)).toContain('restore.request');
  });
});

describe('the page of the console', () => {
  it('may load what is here and nothing else, with a nonce of its own each time', async () => {
    const pages = await Promise.all(
      ['/', '/sign-in', '/containers/a/b', '/audit'].map((place) => ask('GET', place, {})),
    );
    const policies = pages.map(({ headers }) => headers.get('content-security-policy') ?? '');
    for (const policy of policies) {
      expect(policy).toContain("default-src 'none'");
      expect(policy).not.toMatch(/unsafe|\*|https?:/);
    }
    expect(new Set(policies).size).toBe(policies.length);
    expect(pages.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
  });

  it('gives no file but its own, however the address is written', async () => {
    for (const place of ['/assets/..%2f..%2fpackage.json', '/assets/%2e%2e/%2e%2e/package.json', '/assets/none.js'])
      expect((await ask('GET', place, {})).status).toBe(404);
  });

  it('leaves addresses of the api that do not exist to the api', async () => {
    const answer = await ask('GET', '/v1/none', {});
    expect(answer.status).toBe(404);
    expect(await answer.json()).toMatchObject({ code: 'RouteNotFound' });
  });
});
