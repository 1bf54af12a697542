import { newId } from '@stasis/events';
import { newPrivateKey } from '@stasis/proof';
import { startPostgres } from '@stasis/testing';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createApiLogin } from './apiLogin.ts';
import {
  openPostgresLedger,
  type PostgresLedger,
  proveInclusion,
  rebuildProjections,
  signTreeHead,
  verifyLedger,
} from './postgres/index.ts';
import { appendOf, checkpointLife } from './sampleEvents.ts';
import { startTestLedgers, type TestLedgers } from './testDatabase.ts';

let ledgers: TestLedgers;
let owner: PostgresLedger;
let api: PostgresLedger;
beforeAll(async () => {
  ledgers = await startTestLedgers(await startPostgres());
}, 60_000);
afterAll(() => ledgers.tearDown());
beforeEach(async () => {
  owner = await ledgers.open();
  const url = await createApiLogin({ connectionString: owner.database.connectionString, password: 'it’s secret' });
  api = await openPostgresLedger({ connectionString: url, connections: 2 });
  await api.append([appendOf(newId('ckp'), checkpointLife())]);
  await signTreeHead(api.database, { ledger: 'default', privateKey: newPrivateKey() });
});
afterEach(async () => {
  await api.close();
  await asOwner(`drop role ${pg.escapeIdentifier(roleOf(api))}`);
});

const roleOf = (ledger: PostgresLedger): string =>
  decodeURIComponent(new URL(ledger.database.connectionString).username);
const on = async (ledger: PostgresLedger, sql: string): Promise<pg.QueryResult> => {
  const client = new pg.Client({ connectionString: ledger.database.connectionString });
  await client.connect();
  try {
    return await client.query(sql);
  } finally {
    await client.end();
  }
};
const asOwner = (sql: string): Promise<pg.QueryResult> => on(owner, sql);

describe('the login of the api', () => {
  const tables = ['events', 'tree_heads', 'subtree_hashes'];
  const changes = [
    (table: string) => `update ${table} set ledger = 'x'`,
    (table: string) => `delete from ${table}`,
    (table: string) => `truncate ${table}`,
    (table: string) => `drop table ${table}`,
    (table: string) => `alter table ${table} drop column ledger`,
    (table: string) => `alter table ${table} disable trigger all`,
    (table: string) => `drop trigger ${table}_append_only on ${table}`,
    (table: string) =>
      `create trigger t before insert on ${table} for each row execute function refuse_ledger_change()`,
    (table: string) => `create rule r as on insert to ${table} do instead nothing`,
  ];
  test.each(tables.flatMap((table) => changes.map((change) => change(table))))('may not %s', async (sql) => {
    await expect(on(api, sql)).rejects.toMatchObject({ code: '42501' });
  });

  test.each([
    'set session_replication_role = replica',
    'alter role current_user superuser',
    'create or replace function refuse_ledger_change() returns trigger language sql as $$ select 1 $$',
    'create table mine (n int)',
    'alter table containers add column n int',
    'set role postgres',
  ])('may not %s', async (sql) => {
    await expect(on(api, sql)).rejects.toMatchObject({ code: '42501' });
  });

  test('may do all that the ledger does', async () => {
    await api.append([appendOf(newId('ckp'), checkpointLife())]);
    await signTreeHead(api.database, { ledger: 'default', privateKey: newPrivateKey() });
    expect(await proveInclusion(api.database, { ledger: 'default', position: 3, treeSize: 14 })).toHaveLength(4);
    expect(await verifyLedger(api.database, 'default')).toEqual({ size: 14, verified: 14 });
    await on(api, `update checkpoints set phase = 'Failed'`);
    const { rows, differing } = await rebuildProjections(api.database, 'default');
    expect(rows.checkpoint).toBe(2);
    expect(differing.checkpoint).toBe(2);
  });

  test('has the same rights on tables that a later migration makes', async () => {
    await asOwner('create table later (n int)');
    await on(api, 'insert into later values (1); update later set n = 2; delete from later');
    await expect(on(api, 'drop table later')).rejects.toMatchObject({ code: '42501' });
  });

  test('is made again with another password', async () => {
    const { connectionString } = owner.database;
    const url = await createApiLogin({ connectionString, password: 'other' });
    expect(new URL(url).username).toBe(new URL(api.database.connectionString).username);
    const again = await openPostgresLedger({ connectionString: url, connections: 1 });
    expect(await again.head('default')).toBe(7);
    await again.close();
    await expect(on(api, 'select 1')).rejects.toThrow('password authentication failed');
  });

  test('cannot be made by who may not make roles, and that is said', async () => {
    await expect(
      createApiLogin({ connectionString: api.database.connectionString, password: 'x' }),
    ).rejects.toMatchObject({ code: 'ConfigInvalid', message: expect.stringContaining('permission denied') });
  });
});
