import { newId } from '@stasis/events';
import { startPostgres } from '@stasis/testing';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { appendOf, checkpointLife, checkpointRequested } from '../../sampleEvents.ts';
import { startTestLedgers, type TestLedgers } from '../../testDatabase.ts';
import { getCheckpoint, openPostgresLedger, type LedgerDatabase, type PostgresLedger } from '../index.ts';
import { AppendMemory } from './appendMemory.ts';
import { commitBatch } from './commitBatch.ts';
import { prepareAppend } from '../../prepare.ts';

let ledgers: TestLedgers;
let ledger: PostgresLedger;
beforeAll(async () => {
  ledgers = await startTestLedgers(await startPostgres());
}, 60_000);
afterAll(() => ledgers.tearDown());
beforeEach(async () => {
  ledger = await ledgers.open();
});

const request = () => appendOf(newId('ckp'), [checkpointRequested()]);
/** Nothing asked for this checkpoint, so no read model can take it. */
const orphan = () => appendOf(newId('ckp'), checkpointLife().slice(1, 2));
const outcomesOf = (settled: PromiseSettledResult<{ outcome: string }[]>): string =>
  settled.status === 'fulfilled' ? settled.value.map(({ outcome }) => outcome).join() : String(settled.reason.code);

/** A session beside the ledger's own. */
async function withSession<Result>(work: (client: pg.Client) => Promise<Result>): Promise<Result> {
  const client = new pg.Client({ connectionString: ledger.database.connectionString });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

const killOthers = `select pg_terminate_backend(pid) from pg_stat_activity
  where datname = current_database() and pid <> pg_backend_pid() and wait_event_type = 'Lock'`;
const lockDefault = `select pg_advisory_lock(hashtextextended('stasis ledger default', 0))`;
const unlockAll = 'select pg_advisory_unlock_all()';
const waiting = `select count(*)::int as n from pg_stat_activity
  where datname = current_database() and wait_event_type = 'Lock'`;

describe('an append', () => {
  test('that no read model can fold fails alone, and the others of its batch are recorded without a gap', async () => {
    const calls = [request(), orphan(), request()];
    const settled = await Promise.allSettled(calls.map((append) => ledger.append([append])));
    expect(settled.map(outcomesOf)).toEqual(['appended', 'EventMalformed', 'appended']);
    expect((await ledger.read('default', { after: 0, limit: 9 })).map(({ position }) => position)).toEqual([1, 2]);
  });

  test('whose value Postgres refuses fails alone, and the others of its batch are recorded', async () => {
    const poison = { ...request(), texts: [{ eventId: newId('evt'), text: 'a', salt: 's' }] };
    // The same text twice: the second violates the table's key.
    const repeated = { ...poison, texts: [...poison.texts, ...poison.texts] };
    const settled = await Promise.allSettled([request(), repeated, request()].map((append) => ledger.append([append])));
    expect(settled.map(outcomesOf)).toEqual(['appended', 'EventMalformed', 'appended']);
    expect(await ledger.head('default')).toBe(2);
  });

  test('that was waiting when its connection was cut is AuditUnavailable, leaves nothing, and works when repeated', async () => {
    const append = request();
    await withSession(async (client) => {
      await client.query(lockDefault);
      const settled = Promise.allSettled([ledger.append([append])]);
      await expect.poll(async () => (await client.query(waiting)).rows[0].n, { timeout: 5000 }).toBe(1);
      await client.query(killOthers);
      expect((await settled).map(outcomesOf)).toEqual(['AuditUnavailable']);
      await client.query(unlockAll);
    });
    expect(await ledger.head('default')).toBe(0);
    expect((await ledger.append([append]))[0]?.outcome).toBe('appended');
  });

  test('waits for a slow writer that holds the lock, and takes the position after it', async () => {
    const first = request();
    const other = await ledgers.openAgain();
    await withSession(async (client) => {
      await client.query(lockDefault);
      const both = Promise.all([ledger.append([first]), other.append([request()])]);
      await expect.poll(async () => (await client.query(waiting)).rows[0].n, { timeout: 5000 }).toBe(2);
      expect(await ledger.head('default')).toBe(0);
      await client.query(unlockAll);
      await both;
    });
    expect((await ledger.read('default', { after: 0, limit: 9 })).map(({ position }) => position)).toEqual([1, 2]);
  });

  test('without a database is AuditUnavailable', async () => {
    const nowhere = await openPostgresLedger({ connectionString: 'postgresql://a:b@127.0.0.1:1/c' });
    await expect(nowhere.append([request()])).rejects.toMatchObject({ code: 'AuditUnavailable' });
    await nowhere.close();
  });
});

describe('a connection that breaks during the commit', () => {
  /** The ledger's database, except that each transaction reports a broken connection after `work`. */
  const breaking = (end: 'commits' | 'rolls back'): LedgerDatabase => ({
    ...ledger.database,
    transaction: async (work) => {
      const lost = new Error('Connection terminated unexpectedly');
      await ledger.database
        .transaction(async (sql) => {
          const result = await work(sql);
          if (end === 'rolls back') throw lost;
          return result;
        })
        .catch(() => {});
      throw lost;
    },
  });

  test('is success when the events are there', async () => {
    const append = request();
    const [result] = await commitBatch(breaking('commits'), new AppendMemory(), [[prepareAppend(append)]]);
    expect(result).toMatchObject({ status: 'fulfilled', value: [{ outcome: 'appended' }] });
    expect((await getCheckpoint(ledger.database, append.events[0]!.subject)).position).toBe(1);
  });

  test('is AuditUnavailable when they are not', async () => {
    await expect(
      commitBatch(breaking('rolls back'), new AppendMemory(), [[prepareAppend(request())]]),
    ).rejects.toMatchObject({
      code: 'AuditUnavailable',
    });
    expect(await ledger.head('default')).toBe(0);
  });
});
