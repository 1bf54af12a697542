import { topics } from '@stasis/bus';
import { createMemoryBroker, createMemoryBus } from '@stasis/bus/memory';
import { newPrivateKey } from '@stasis/proof';
import { openPostgresLedger, type PostgresLedger, signTreeHead } from '@stasis/ledger/postgres';
import { startPostgres, type TestPostgres } from '@stasis/testing';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Term } from '../leader.ts';
import { relayCursor } from '../relay/cursor.ts';
import { applyMigrations, nodeWithContainer } from '../testApi.ts';
import { publishTreeHeads } from './publishTreeHeads.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 120_000 });

let postgres: TestPostgres;
let ledger: PostgresLedger;
const broker = createMemoryBroker();
const bus = createMemoryBus({ broker });
const privateKey = newPrivateKey();

beforeAll(async () => {
  postgres = await startPostgres();
  const connectionString = await postgres.createDatabase();
  await applyMigrations(connectionString);
  ledger = await openPostgresLedger({ connectionString });
  await bus.ensureTopics([{ topic: topics.treeHeads, partitions: 1 }]);
});

afterAll(async () => {
  await bus.close();
  await ledger?.close();
  await postgres?.stop();
});

/** Grows the ledger by one event and signs a head of it. */
async function sign(): Promise<number> {
  const [event] = nodeWithContainer('node-1', `c${Math.random().toString(36).slice(2)}`).slice(2);
  const recorded = { ...event!, recordedtime: new Date().toISOString() };
  const stream = `container/${recorded.subject}`;
  await ledger.append([{ ledger: 'default', stream, expectedVersion: 0, events: [recorded] }]);
  return (await signTreeHead(ledger.database, { ledger: 'default', privateKey })).size;
}

const published = (): number[] =>
  broker
    .topic(topics.treeHeads)
    .flatMap(({ messages }) => messages)
    .map(({ headers }) => Number(headers['size']));

/** One term of leading, until `done` holds. */
async function lead(
  fencing: number,
  done: () => boolean,
  cursor = relayCursor(ledger.database, 'tree-heads'),
): Promise<void> {
  const ending = new AbortController();
  const term: Term = { fencing, signal: ending.signal, isCurrent: () => true };
  const working = publishTreeHeads({ ledger, bus, cursor }, term);
  try {
    await Promise.race([working, vi.waitFor(() => expect(done()).toBe(true), 20_000)]);
  } finally {
    ending.abort();
    await working.catch(() => {});
  }
}

describe('the publisher of tree heads', () => {
  it('goes on where the last leader was, and misses no head that was signed in between', async () => {
    await sign();
    await sign();
    await lead(1, () => published().length === 2);
    await sign();
    await sign();
    await lead(2, () => published().length === 4);
    expect(published()).toEqual([1, 2, 3, 4]);
  });

  it('publishes again what the leader before it had published and not noted', async () => {
    await sign();
    const cursor = relayCursor(ledger.database, 'tree-heads');
    const dies = { ...cursor, move: () => Promise.reject(new Error('it dies here')) };
    await expect(lead(3, () => false, dies)).rejects.toThrow('it dies here');
    await lead(4, () => published().length === 6);
    expect(published()).toEqual([1, 2, 3, 4, 5, 5]);
  });

  it('stops when another leader has moved the cursor', async () => {
    await sign();
    await expect(lead(1, () => false)).rejects.toMatchObject({ code: 'VersionConflict' });
  });
});
