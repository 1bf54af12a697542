import { afterEach, expect, it } from 'vitest';
import { type Asked, type FakeApi, startFakeApi } from '../../testing/fakeApi.ts';
import { type Ran, runLine } from '../../testing/runLine.ts';

let api: FakeApi | undefined;
afterEach(() => api?.close());

const against = async (body: (asked: Asked) => object, ...words: string[]): Promise<Ran> => {
  api = await startFakeApi((asked) => ({ status: 200, body: body(asked) }));
  return runLine(['audit', ...words], { STASIS_SERVER: api.url, STASIS_TOKEN: 'secret' });
};

const event = (position: number, key: string, time: string, more: object = {}): object => ({
  ...{ specversion: '1.0', id: `evt_01kb000000000000000000000${position}`, type: `dev.stasis.${key}.v1` },
  ...{ source: '/stasis/api', subject: 'ckp_1', time, datacontenttype: 'application/json', ledger: 'default' },
  ...{ authtype: 'user', authid: 'sub_1', correlationid: 'c', data: {}, position, stream: 's', version: 1 },
  ...more,
});
const reasonText = 'the kernel must be upgraded before Friday, says the ticket \u001b[31m';
const told = { position: 9, consistency: 'strong', read: 'evt_r' };
const items = [
  { container: 'n1/web-1', event: event(1, 'container.started', '2026-11-01T10:00:00.000Z') },
  { container: 'n1/web-1', event: event(2, 'checkpoint.requested', '2026-11-01T11:00:00.000Z', { reasonText }) },
  { container: 'n2/web-1', event: event(3, 'restore.running', '2026-11-02T09:00:00.000Z') },
];
const longest = (text: string): number => Math.max(...text.split('\n').map((line) => line.length));

it('a trail is a line an event with its id, under the day and the container', async () => {
  const trail = { ...told, of: 'web-1', kind: 'container', containers: ['n1/web-1', 'n2/web-1'], items, more: false };
  const { code, out, err } = await against(() => trail, 'trail', 'web-1');
  expect([code, err]).toEqual([0, '']);
  expect(out).toMatch(/^2026-11-01 {2}n1\/web-1\n10:00:00 {2}the container started +evt_01kb0000000000000000000001\n/);
  expect(out).toContain('\n\n2026-11-02  n2/web-1\n09:00:00  the restored container runs ');
  expect(out).toMatch(/a checkpoint was asked for: the kerne… {2}evt_/);
  expect(longest(out)).toBeLessThanOrEqual(80);
});

it('a diff says the state before and after, and who asked', async () => {
  const group = {
    container: 'n1/web-1',
    before: null,
    after: { status: 'running', generation: 2, since: '2026-11-01T10:00:00.000Z' },
    events: items.slice(0, 2).map((item) => item.event),
  };
  const diff = { ...told, from: 'a', to: 'b', items: [group] };
  const { code, out } = await against(() => diff, 'diff', '--from', '2026-11-01T00:00:00Z', '--node', 'n1');
  expect(code).toBe(0);
  expect(out).toContain('n1/web-1: unknown -> running, generation 2\n');
  expect(out).toContain('\n          by sub_1\n');
  expect(longest(out)).toBeLessThanOrEqual(80);
  expect(api?.asked[0]?.path).toMatch(/^\/v1\/audit\/diff\?node=n1&from=2026-11-01T00%3A00%3A00.000Z&to=20/);
});

it('the fleet as of an instant is a table with the totals of all', async () => {
  const checkpoint = { id: 'ckp_01kb0000000000000000000000', capturedAt: 'x', readyAt: 'x', ageSeconds: 7200 };
  const fleet = {
    ...told,
    items: [
      {
        ...{ container: `n1/${'w'.repeat(60)}`, node: 'n1', name: 'web-1', status: 'running', generation: 3, run: 'r' },
        ...{ since: 'x', checkpoint: { ...checkpoint, bytes: null, runtime: null } },
        ...{ restorableOn: ['n2'], restorableOnCount: 1 },
      },
    ],
    ...{ next: null, totals: { containers: 7, byStatus: { running: 6, paused: 1 }, withCheckpoint: 4 } },
    ...{ knownAt: null, validAt: null, ledgerBegins: '2026-01-01T00:00:00.000Z' },
  };
  const { code, out } = await against(() => fleet, 'as-of', '2026-11-01T00:00:00Z');
  expect(code).toBe(0);
  expect(out).toContain(' running    3  ckp_01kb0000000000000000000000   2h   1\n');
  expect(out).toContain('whole fleet: 7 containers (6 running, 1 paused), 4 restorable\nas known at position 9\n');
  expect(longest(out)).toBeLessThanOrEqual(80);
  const before = { ...fleet, items: [], validAt: '2020-01-01T00:00:00.000Z' };
  await api?.close();
  expect((await against(() => before, 'as-of', '2020-01-01T00:00:00Z')).out).toContain(
    'the ledger begins at 2026-01-01',
  );
});

it('an instant that is none is a usage error', async () => {
  const { code, err } = await runLine(['audit', 'as-of', 'yesterday']);
  expect(code).toBe(2);
  expect(err).toContain('not an instant');
});
