import { expect, it } from 'vitest';
import { createClient, pathOf } from './client.ts';
import { routes } from './routes/index.ts';

/** A client whose requests end in `answer`, and the requests. */
const clientWith = (answer: () => Response | Promise<Response>) => {
  const asked: { url: string; init: RequestInit }[] = [];
  const client = createClient({
    server: 'http://api',
    token: 'secret',
    fetch: async (url, init = {}) => {
      asked.push({ url: url instanceof Request ? url.url : url.toString(), init });
      return answer();
    },
  });
  return { client, asked };
};
const json = (body: unknown, status = 200): Response => Response.json(body, { status });
const page = (items: unknown[]): Response => json({ items, next: null, position: 3 });

it('has one method for each route but the stream', () => {
  const names = Object.keys(createClient({ server: 'http://api' }));
  expect([...names, 'streamEvents', 'exportEvents'].sort()).toEqual(Object.keys(routes).sort());
});

it('fills in the path and the query, and escapes both', () => {
  const call = { params: { node: 'a/b', id: 'c d' }, query: { waitFor: 'default/3', ledger: undefined } };
  expect(pathOf(routes.getContainer, call)).toBe('/v1/containers/a%2Fb/c%20d?waitFor=default%2F3');
});

it('shows the token, and an idempotency key only where the route takes one', async () => {
  const { client, asked } = clientWith(() => page([]));
  await client.listNodes({ query: { limit: 5 } });
  expect(asked[0]?.url).toBe('http://api/v1/nodes?limit=5');
  expect(asked[0]?.init.headers).toEqual({ accept: 'application/json', authorization: 'Bearer secret' });
});

it('sends the idempotency key that is given, so that a call can be repeated', async () => {
  const { client, asked } = clientWith(() => json({}, 409));
  const call = { body: { container: 'web-1' }, idempotencyKey: 'k1' };
  await expect(client.requestCheckpoint(call)).rejects.toMatchObject({ code: 'BadRequest' });
  expect(asked[0]?.init).toMatchObject({ method: 'POST', headers: { 'idempotency-key': 'k1' } });
});

it('throws the problem that the api answers, with its next step and details', async () => {
  const details = [{ field: '/container', message: 'is missing' }];
  const problem = { type: 't', title: 'x', status: 404, detail: 'no web-1', code: 'ContainerNotFound', details };
  const { client } = clientWith(() => json({ ...problem, next: 'look' }, 404));
  await expect(client.listNodes()).rejects.toMatchObject({
    ...{ code: 'ContainerNotFound', message: 'no web-1', next: 'look', details },
  });
});

it('throws ServerUnreachable when there is no answer, or it breaks off', async () => {
  const refused = clientWith(() => Promise.reject(new TypeError('fetch failed', { cause: new Error('ECONNREFUSED') })));
  await expect(refused.client.listNodes()).rejects.toMatchObject({
    ...{ code: 'ServerUnreachable', message: 'http://api does not answer: ECONNREFUSED' },
  });
  const broken = new ReadableStream({ start: (controller) => controller.error(new Error('cut')) });
  await expect(clientWith(() => new Response(broken)).client.listNodes()).rejects.toMatchObject({
    code: 'ServerUnreachable',
  });
});

it('throws Internal when the answer does not fit the contract', async () => {
  await expect(clientWith(() => json({ items: 3 })).client.listNodes()).rejects.toMatchObject({ code: 'Internal' });
  await expect(clientWith(() => new Response('<html>')).client.listNodes()).rejects.toMatchObject({ code: 'Internal' });
});

it('reads what is not ready as an answer where the route says so', async () => {
  const body = { ready: false, parts: [{ part: 'bus', up: false, message: 'gone' }] };
  await expect(clientWith(() => json(body, 503)).client.ready()).resolves.toEqual(body);
});

it('passes on the abort of its caller as it is', async () => {
  const aborted = clientWith(async () => {
    throw new DOMException('aborted', 'AbortError');
  });
  const signal = AbortSignal.abort();
  await expect(aborted.client.listNodes({ signal })).rejects.toMatchObject({ name: 'AbortError' });
});
