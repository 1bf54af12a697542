import { startPostgres, type TestPostgres } from '@stasis/testing';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { applyMigrations, nodeWithContainer, startTestApi, type TestApi } from '../testApi.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 120_000 });

let postgres: TestPostgres;
let t: TestApi;

beforeAll(async () => {
  postgres = await startPostgres();
  const databaseUrl = await postgres.createDatabase();
  await applyMigrations(databaseUrl);
  t = await startTestApi({ databaseUrl });
  await t.report(...nodeWithContainer('node-1', 'web-1'));
  await t.until('/v1/containers/node-1/web-1');
});

afterAll(async () => {
  await t?.stop();
  await postgres?.stop();
});

interface Frame {
  readonly id: string;
  readonly event: string;
  readonly data: Record<string, unknown>;
}

/** Reads `count` events of the stream and hangs up. `onOpen` runs once the stream has begun. */
async function read(
  count: number,
  query: string,
  headers: Record<string, string> = {},
  onOpen: () => Promise<unknown> = async () => {},
): Promise<Frame[]> {
  const abort = new AbortController();
  const response = await fetch(`${t.api.url}/v1/events${query}`, {
    headers: { authorization: `Bearer ${t.token}`, ...headers },
    signal: AbortSignal.any([abort.signal, AbortSignal.timeout(20_000)]),
  });
  expect(response.headers.get('content-type')).toContain('text/event-stream');
  expect(response.headers.get('stasis-position')).toMatch(/^default\/\d+$/);
  await onOpen();
  let text = '';
  for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
    text += Buffer.from(chunk).toString();
    if (framesOf(text).length >= count) break;
  }
  abort.abort();
  return framesOf(text);
}

const framesOf = (text: string): Frame[] =>
  text
    .split('\n\n')
    .slice(0, -1)
    .flatMap((block) => {
      const [, id, event, data] = /^id: (.*)\nevent: (.*)\ndata: (.*)$/.exec(block) ?? [];
      return id === undefined || event === undefined || data === undefined
        ? []
        : [{ id, event, data: JSON.parse(data) }];
    });

const request = (): ReturnType<TestApi['call']> =>
  t.call('POST', '/v1/checkpoints', { container: 'web-1', leaveRunning: true });

describe('the event stream', () => {
  it('begins with what comes from now on, and carries each event with its place', async () => {
    const [frame] = await read(1, '', {}, request);
    expect(frame?.event).toBe('dev.stasis.checkpoint.requested.v1');
    expect(frame?.id).toBe(`default/${String(frame?.data['position'])}`);
    const { body } = await t.call('GET', `/v1/audit/events/${String(frame?.data['id'])}`);
    expect(body).toEqual(frame?.data);
  });

  it('goes on after the place that a reader names, with nothing missing and nothing twice', async () => {
    for (let n = 0; n < 5; n += 1) await request();
    const head = await t.api.platform.ledger.head('default');
    const all = await read(head, '?after=default/0');
    expect(all.map(({ id }) => id)).toEqual(Array.from({ length: head }, (_, n) => `default/${n + 1}`));
    const resumed = await read(head - 2, '?after=default/0', { 'last-event-id': all[1]?.id ?? '' }, request);
    expect(resumed.map(({ id }) => id).slice(0, head - 2)).toEqual(all.slice(2).map(({ id }) => id));
  });

  it('gives only the events of one subject when asked', async () => {
    const id = String((await request()).body['id']);
    await request();
    await t.call('POST', `/v1/checkpoints/${id}/cancel`);
    const frames = await read(2, `?after=0&subject=${id}`);
    expect(frames.map(({ event }) => event)).toEqual([
      'dev.stasis.checkpoint.requested.v1',
      'dev.stasis.checkpoint.canceled.v1',
    ]);
  });

  it('ends when the api stops, which does not wait for it', async () => {
    const other = await startTestApi({ databaseUrl: t.databaseUrl });
    const response = await fetch(`${other.api.url}/v1/events`, { headers: { authorization: `Bearer ${other.token}` } });
    const text = response.text();
    const stopped = other.stop();
    expect(await text).toContain(': connected');
    await stopped;
  });

  it('asks for a token and for a place that is one', async () => {
    expect((await t.call('GET', '/v1/events', undefined, { authorization: '' })).status).toBe(401);
    const { status, body } = await t.call('GET', '/v1/events', undefined, { 'last-event-id': 'nonsense' });
    expect(status).toBe(400);
    expect(body['code']).toBe('BadRequest');
  });
});
