import { newId } from '@stasis/events';
import { newPrivateKey } from '@stasis/proof';
import { startPostgres, type TestPostgres } from '@stasis/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { appendOf, checkpointLife } from '../sampleEvents.ts';
import { startTestLedgers, type TestLedgers } from '../testDatabase.ts';
import {
  listCheckpoints,
  openDatabase,
  type PostgresLedger,
  proveInclusion,
  rebuildProjections,
  signTreeHead,
  verifyLedger,
} from './index.ts';

let postgres: TestPostgres;
let ledgers: TestLedgers;
let ledger: PostgresLedger;
beforeAll(async () => {
  postgres = await startPostgres({ own: true });
  ledgers = await startTestLedgers(postgres);
  ledger = await ledgers.open();
  await ledger.append([appendOf(newId('ckp'), checkpointLife())]);
  await signTreeHead(ledger.database, { ledger: 'default', privateKey: newPrivateKey() });
}, 60_000);
afterAll(() => ledgers.tearDown(), 60_000);

const away = { code: 'AuditUnavailable', message: expect.stringContaining('does not answer') };

describe('without Postgres', () => {
  test(
    'each read and each piece of work on the ledger is AuditUnavailable, and works again when it is back',
    { timeout: 120_000 },
    async () => {
      const { database } = ledger;
      const work: Readonly<Record<string, () => Promise<unknown>>> = {
        read: () => ledger.read('default', { after: 0, limit: 1 }),
        readStream: () => ledger.readStream('default', 'checkpoint/x'),
        findEvent: () => ledger.findEvent('evt_x'),
        head: () => ledger.head('default'),
        listCheckpoints: () => listCheckpoints(database, { ledger: 'default' }),
        proveInclusion: () => proveInclusion(database, { ledger: 'default', position: 2, treeSize: 7 }),
        verifyLedger: () => verifyLedger(database, 'default'),
        rebuildProjections: () => rebuildProjections(database, 'default'),
      };
      await postgres.kill();
      const failed: Record<string, unknown> = {};
      for (const [name, ask] of Object.entries(work)) failed[name] = await ask().catch((error: unknown) => error);
      expect(failed).toMatchObject(Object.fromEntries(Object.keys(work).map((name) => [name, away])));
      await postgres.restart();
      for (const ask of Object.values(work)) await ask();
    },
  );
});

test('a statement that takes longer than it may is AuditUnavailable and names the setting', async () => {
  const slow = openDatabase({ connectionString: ledger.database.connectionString, statementTimeoutMs: 100 });
  await expect(slow.query('select pg_sleep(20)', [])).rejects.toMatchObject({
    code: 'AuditUnavailable',
    next: expect.stringContaining('STASIS_STATEMENT_TIMEOUT_MS'),
  });
  await slow.close();
});

test('a mistake in what Postgres is asked stays what it is', async () => {
  await expect(ledger.database.query('select nothing from nowhere', [])).rejects.toMatchObject({ code: '42P01' });
});
