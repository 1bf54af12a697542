import { createHash } from 'node:crypto';
import { StasisError } from '@stasis/errors';
import { domainEventOf, type StasisEvent, streamOf } from '@stasis/events';
import { startPostgres } from '@stasis/testing';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { discovered, factOf, goodCheckpoint, nodeWithContainer, useTestApi } from '../testApi.ts';
import { exportFormats } from './exportFormats.ts';

const t = useTestApi(startPostgres);
let checkpoint: string;

beforeAll(async () => {
  await record(...nodeWithContainer('node-1', 'web-1'));
  const reason = { text: 'kernel upgrade', ticket: 'OPS-1', code: 'Maintenance' };
  const body = { container: 'web-1', leaveRunning: true, reason, labels: { team: 'a' } };
  checkpoint = String((await t.call('POST', '/v1/checkpoints', body)).body['id']);
  await record(...goodCheckpoint('node-1', checkpoint));
});

/** Appends what a node tells, as the recorder would. */
async function record(...facts: StasisEvent[]): Promise<void> {
  const { ledger } = t.api.platform;
  for (const fact of facts) {
    const event = { ...fact, recordedtime: new Date().toISOString() };
    const stream = streamOf(domainEventOf(event).key, event.subject);
    const expectedVersion = (await ledger.readStream(event.ledger, stream)).length;
    const [outcome] = await ledger.append([{ ledger: event.ledger, stream, expectedVersion, events: [event] }]);
    expect(outcome?.outcome).toBe('appended');
  }
}

type Item = Record<string, unknown>;
const itemsOf = async (route: string): Promise<Item[]> => {
  const { status, body } = await t.call('GET', route);
  expect([route, status, body['detail']]).toEqual([route, 200, undefined]);
  return body['items'] as Item[];
};
const readsRecorded = async (): Promise<number> => {
  const [row] = await t.api.platform.ledger.database.query<{ n: number }>(
    `select count(*)::int as n from events where type = 'dev.stasis.audit.read.v1'`,
    [],
  );
  return row?.n ?? 0;
};

describe('the audit', () => {
  it.each([
    ['container=web-1', 8],
    [`checkpoint=CKP`, 7],
    ['node=node-1', 8],
    ['outcome=ok', 1],
    ['type=checkpoint.ready', 1],
    ['reason=Maintenance', 1],
    ['ticket=OPS-1&type=checkpoint.ready', 1],
    ['label=team%3Da', 7],
    ['text=Upgrade', 1],
    ['text=downgrade', 0],
    ['correlation=CKP', 7],
    ['since=2020-01-01T00:00:00Z&until=2020-01-02T00:00:00Z', 0],
    ['since=2020-01-01T00:00:00Z&by=recorded', 8],
    ['after=2&upTo=3', 2 - 1],
    ['type=node.joined', 2],
  ])('is asked by %s', async (query, count) => {
    expect(await itemsOf(`/v1/audit/events?${query.replaceAll('CKP', checkpoint)}`)).toHaveLength(count);
  });

  it('records one event a question, however many pages', async () => {
    const before = await readsRecorded();
    const first = (await t.call('GET', '/v1/audit/events?node=node-1&limit=3')).body;
    const second = (await t.call('GET', `/v1/audit/events?node=node-1&limit=3&cursor=${String(first['next'])}`)).body;
    expect((second['items'] as Item[])[0]?.['position']).toBe(4);
    expect(await readsRecorded()).toBe(before + 1);
    const event = (await t.call('GET', `/v1/audit/events/${String(first['read'])}`)).body;
    expect(event).toMatchObject({
      type: 'dev.stasis.audit.read.v1',
      ledger: 'system',
      data: { question: 'events', query: { node: 'node-1', order: 'asc' }, rows: 3, more: true, ledger: 'default' },
    });
  });

  it('keeps the free text of a question out of the leaf', async () => {
    const { body } = await t.call('GET', '/v1/audit/events?text=Kernel');
    const event = (await t.call('GET', `/v1/audit/events/${String(body['read'])}`)).body;
    expect(JSON.stringify(event['data'])).not.toContain('Kernel');
    expect(event).toMatchObject({ reasonText: 'Kernel' });
  });

  it('goes on with a cursor only where the question is the same', async () => {
    const { body } = await t.call('GET', '/v1/audit/events?node=node-1&limit=2');
    const next = String(body['next']);
    const place = next.split('.')[0];
    const forged = `${place}.${(await itemsOf('/v1/audit/events?limit=1'))[0]?.['id'] as string}`;
    for (const [query, cursor] of [
      ['outcome=ok', next],
      ['node=node-1&text=kernel', next],
      ['node=node-1', forged],
      ['node=node-1', place],
    ]) {
      const answer = await t.call('GET', `/v1/audit/events?${query}&limit=2&cursor=${cursor}`);
      expect([query, answer.status]).toEqual([query, 400]);
    }
  });

  it('goes on with what comes after the last page', async () => {
    const { body } = await t.call('GET', '/v1/audit/events?container=web-1');
    const more = await t.call('GET', `/v1/audit/events?container=web-1&cursor=${String(body['resume'])}`);
    expect(more.body).toMatchObject({ items: [], next: null });
  });

  it.each(['/v1/audit/events', '/v1/audit/as-of', '/v1/audit/trail?of=web-1'])(
    'answers nothing to %s while the question cannot be recorded',
    async (route) => {
      const away = vi
        .spyOn(t.api.platform.ledger, 'append')
        .mockRejectedValue(new StasisError('AuditUnavailable', 'the ledger cannot record'));
      const { status, body } = await t.call('GET', route);
      away.mockRestore();
      expect(status).toBe(503);
      expect(body).toMatchObject({ code: 'AuditUnavailable' });
      expect(body['items']).toBeUndefined();
    },
  );
});

describe('as of a moment', () => {
  it('the fleet has what ran, its newest checkpoint, how old it was, and where it could be restored', async () => {
    const { body } = await t.call('GET', `/v1/audit/as-of?at=${new Date().toISOString()}&node=node-1`);
    expect(body).toMatchObject({
      items: [
        {
          container: 'node-1/web-1',
          status: 'running',
          checkpoint: { id: checkpoint },
          restorableOn: ['node-1'],
          restorableOnCount: 1,
        },
      ],
      totals: { containers: 1, byStatus: { running: 1 }, withCheckpoint: 1 },
      consistency: 'strong',
    });
  });

  it('known before the checkpoint was Ready, the fleet has none', async () => {
    const { body } = await t.call('GET', '/v1/audit/as-of?asOf=default/7');
    expect(body).toMatchObject({ items: [{ checkpoint: null }], position: 7 });
    expect(await itemsOf(`/v1/checkpoints?asOf=4`)).toMatchObject([{ id: checkpoint, phase: 'Captured', position: 4 }]);
    expect(await itemsOf('/v1/checkpoints?asOf=4&phase=Ready')).toEqual([]);
    expect(await itemsOf('/v1/containers?asOf=0')).toEqual([]);
    expect(await itemsOf('/v1/containers?asOf=1')).toMatchObject([
      { id: 'node-1/web-1', position: 1, lastReady: null },
    ]);
    expect(await itemsOf('/v1/containers?name=web-1')).toMatchObject([
      { id: 'node-1/web-1', lastReady: { id: checkpoint, bytes: expect.any(Number) as number } },
    ]);
  });

  it('of the future or above the head is refused, before the first event is empty and says why', async () => {
    for (const query of ['at=2999-01-01T00:00:00Z', 'asOf=2999-01-01T00:00:00Z', 'asOf=100000'])
      expect((await t.call('GET', `/v1/audit/as-of?${query}`)).status).toBe(400);
    const { body } = await t.call('GET', '/v1/audit/as-of?at=2020-01-01T00:00:00Z');
    expect(body).toMatchObject({ items: [], totals: { containers: 0 } });
    expect(Date.parse(String(body['ledgerBegins']))).toBeGreaterThan(Date.parse('2020-01-01T00:00:00Z'));
  });
});

describe('a story', () => {
  it('of two instants is grouped by container, with the state before and after, who and why', async () => {
    const to = new Date(Date.now() + 60_000).toISOString();
    const groups = await itemsOf(`/v1/audit/diff?from=2026-01-01T00:00:00Z&to=${to}`);
    expect(groups).toMatchObject([
      { container: 'node-1/web-1', before: null, after: { status: 'running', generation: 1 } },
    ]);
    expect(JSON.stringify(groups)).toContain('kernel upgrade');
    expect((await t.call('GET', `/v1/audit/diff?from=${to}&to=2026-01-01T00:00:00Z`)).status).toBe(400);
  });

  it('of a container, a checkpoint and an actor is told in order', async () => {
    expect(await itemsOf('/v1/audit/trail?of=web-1')).toHaveLength(8);
    expect(await itemsOf(`/v1/audit/trail?of=${checkpoint}`)).toHaveLength(7);
    const request = (await itemsOf(`/v1/audit/events?checkpoint=${checkpoint}`))[0];
    const own = await itemsOf(`/v1/audit/trail?of=${String(request?.['authid'])}`);
    expect(own.map(({ event }) => (event as Item)['id'])).toEqual([request?.['id']]);
    expect((await t.call('GET', '/v1/audit/trail?of=nobody')).status).toBe(404);
  });

  it('of a container goes on where it was restored, and comes from where it was', async () => {
    await record(...nodeWithContainer('node-2', 'other'));
    const restore = (await t.call('POST', '/v1/restores', { checkpoint, node: 'node-2', name: 'web-9' })).body;
    const id = String(restore['id']);
    await record(
      factOf('node-2', 'restore.accepted', id, { attempt: 1 }),
      factOf('node-2', 'restore.materialised', id, { bytes: 10, durationMs: 1 }),
      discovered('node-2', 'web-9'),
      factOf('node-2', 'restore.running', id, { run: 'r9', durationMs: 1 }),
    );
    for (const of of ['node-1/web-1', 'node-2/web-9']) {
      const answer = await t.call('GET', `/v1/audit/trail?of=${of}`);
      expect((answer.body['containers'] as string[]).toSorted()).toEqual(['node-1/web-1', 'node-2/web-9']);
      expect(JSON.stringify(answer.body['items'])).toContain('restore.running');
    }
  });
});

describe('an export', () => {
  const exported = async (query: string): Promise<Response> =>
    fetch(`${t.api.url}/v1/audit/export?${query}`, { headers: { authorization: `Bearer ${t.token}` } });

  it('is every event as CloudEvents, and last the event that records it with the digest of all before', async () => {
    const answer = await exported('format=ndjson&upTo=8');
    const text = await answer.text();
    const lines = text.trimEnd().split('\n');
    const events = lines.map((line) => JSON.parse(line) as Item);
    expect(events.slice(0, -1).map(({ position }) => position)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(events[1]).toMatchObject({ specversion: '1.0', reasontext: 'kernel upgrade' });
    const before = `${lines.slice(0, -1).join('\n')}\n`;
    expect(events.at(-1)).toMatchObject({
      type: 'dev.stasis.audit.exported.v1',
      data: {
        read: answer.headers.get('stasis-export-read'),
        rows: 8,
        after: 0,
        upTo: 8,
        digest: `sha256:${createHash('sha256').update(before).digest('hex')}`,
      },
    });
  });

  it('is gone on with where it broke off, up to where it was to end', async () => {
    const read = (await exported('outcome=ok')).headers.get('stasis-export-read');
    const rest = (await (await exported(`outcome=ok&cursor=3.${read}`)).text()).trimEnd().split('\n');
    expect(rest.map((line) => (JSON.parse(line) as Item)['type'])).toContain('dev.stasis.checkpoint.ready.v1');
    expect((await exported(`outcome=failed&cursor=3.${read}`)).status).toBe(400);
    for (const place of ['abc', '-1', '1e3'])
      expect((await exported(`outcome=ok&cursor=${place}.${read}`)).status).toBe(400);
  });

  it('has a line a head and an event as CSV', async () => {
    const answer = await exported('format=csv&upTo=8');
    expect(answer.headers.get('content-type')).toContain('text/csv');
    const rows = (await answer.text()).trimEnd().split('\r\n');
    expect(rows).toHaveLength(1 + 8 + 1);
    expect(rows[0]).toMatch(/^position,id,time,/);
    expect(rows[2]).toContain('"kernel upgrade"');
  });

  it('is cut before its last line when that it was handed out cannot be recorded', async () => {
    const { ledger } = t.api.platform;
    const append = ledger.append.bind(ledger);
    const away = vi.spyOn(ledger, 'append').mockImplementation((appends) => {
      if (appends[0]?.events[0]?.type.includes('exported') !== true) return append(appends);
      throw new StasisError('AuditUnavailable', 'the ledger cannot record');
    });
    await expect(exported('').then((answer) => answer.text())).rejects.toThrow();
    away.mockRestore();
  });
});

describe('a cell of CSV', () => {
  it.each(['=1+1', '+1', '-1', '@SUM(A1)', '\t=1'])('that a spreadsheet would run is text: %j', (reasontext) => {
    const fact = factOf('node-1', 'checkpoint.accepted', 's"', { attempt: 1 });
    const line = exportFormats.csv.line({ position: 1, leaf: JSON.stringify(fact), text: reasontext });
    expect(line).toContain(`"'${reasontext}"`);
    expect(line).toContain('"s"""');
  });
});
