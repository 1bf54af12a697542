import { type DeliveredMessage, topics } from '@stasis/bus';
import { createMemoryBroker } from '@stasis/bus/memory';
import { startPostgres, type TestPostgres } from '@stasis/testing';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { applyMigrations, goodCheckpoint, nodeWithContainer, startTestApi, type TestApi } from '../testApi.ts';
import { relayCursor } from './cursor.ts';
import { relayLedger } from './relay.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const broker = createMemoryBroker();
let postgres: TestPostgres;
let databaseUrl: string;
let one: TestApi;
let two: TestApi;

beforeAll(async () => {
  postgres = await startPostgres();
  databaseUrl = await postgres.createDatabase();
  await applyMigrations(databaseUrl);
  one = await startTestApi({ databaseUrl, broker });
  two = await startTestApi({ databaseUrl, broker });
  await one.report(...nodeWithContainer('node-1', 'web-1'));
  await one.until('/v1/containers/node-1/web-1');
});

afterAll(async () => {
  await one?.stop();
  await two?.stop();
  await postgres?.stop();
});

const onBus = (): readonly DeliveredMessage[] =>
  broker
    .topic(topics.ledger)
    .flatMap(({ messages }) => messages)
    .filter(({ headers }) => headers['ledger'] === 'default');

const positions = (messages: readonly DeliveredMessage[]): number[] =>
  messages.map(({ headers }) => Number(headers['position'])).toSorted((a, b) => a - b);

const wholeCheckpoint = async (api: TestApi): Promise<string> => {
  const { status, body } = await api.call('POST', '/v1/checkpoints', { container: 'web-1', leaveRunning: true });
  expect(status).toBe(202);
  await api.report(...goodCheckpoint('node-1', String(body['id'])));
  return String(body['id']);
};

const allOnBus = async (): Promise<number> => {
  const head = await two.api.platform.ledger.head('default');
  await vi.waitFor(() => expect(new Set(positions(onBus())).size).toBe(head), 30_000);
  return head;
};

describe('two apis on one database', () => {
  it('record and relay everything once, in order of position per subject', async () => {
    const ids = await Promise.all(Array.from({ length: 40 }, (_, n) => wholeCheckpoint(n % 2 === 0 ? one : two)));
    for (const id of ids) await two.until(`/v1/checkpoints/${id}`, ({ phase }) => phase === 'Ready');
    const head = await allOnBus();
    expect(head).toBe(1 + 40 * 7);
    expect(positions(onBus())).toEqual(Array.from({ length: head }, (_, n) => n + 1));
    for (const { messages } of broker.topic(topics.ledger)) {
      const own = messages.filter(({ headers }) => headers['ledger'] === 'default');
      const sent = own.map(({ headers }) => Number(headers['position']));
      expect(sent).toEqual(sent.toSorted((a, b) => a - b));
    }
  });

  it('go on relaying when the leader stops, with nothing lost', async () => {
    const leases = await two.api.platform.ledger.database.query<{ holder: string }>(
      `select holder from leases where name = 'api-relay-default'`,
      [],
    );
    const leader = leases[0]?.holder === one.api.platform.instance ? one : two;
    const other = leader === one ? two : one;
    await wholeCheckpoint(leader);
    await leader.api.close();
    const id = await wholeCheckpoint(other);
    await other.until(`/v1/checkpoints/${id}`, ({ phase }) => phase === 'Ready');
    const head = await other.api.platform.ledger.head('default');
    await vi.waitFor(() => expect(new Set(positions(onBus())).size).toBe(head), 30_000);
  });

  it('keep a leader that slept through its lease from publishing and from moving the cursor', async () => {
    const fresh = await startTestApi({ databaseUrl, broker });
    const { ledger } = fresh.api.platform;
    const cursor = relayCursor(ledger.database);
    const before = await cursor.read('default');
    const sent = onBus().length;
    const { signal } = new AbortController();
    const { signer } = fresh.api.platform;
    const parts = { ledger, bus: fresh.bus, cursor, signer, allNodes: async () => [] };
    const stale = relayLedger(parts, 'default', { fencing: 0, signal, isCurrent: () => true });
    await expect(stale).rejects.toMatchObject({ code: 'VersionConflict' });
    // Even with the newest number nothing is published once the lease has run out.
    const rewound = { ...cursor, read: async () => 0, move: async () => true };
    const late = relayLedger({ ...parts, cursor: rewound }, 'default', { fencing: 0, signal, isCurrent: () => false });
    await expect(late).rejects.toMatchObject({ code: 'VersionConflict' });
    expect(onBus().length).toBe(sent);
    expect(await cursor.read('default')).toBeGreaterThanOrEqual(before);
    await fresh.stop();
  });
});
