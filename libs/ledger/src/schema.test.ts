import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { startPostgres, type TestPostgres } from '@stasis/testing';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openDatabase } from './postgres/index.ts';
import { schemaText } from './schemaText.ts';
import { startTestLedgers } from './testDatabase.ts';

const committed = path.resolve(import.meta.dirname, '../../../prisma/schema.sql');
let postgres: TestPostgres;
beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres.stop());

/** After a new migration: `npx vitest run -u schema.test` writes prisma/schema.sql, and its diff shows what changed. */
test('prisma/schema.sql is what the migrations make', async () => {
  const ledger = await (await startTestLedgers(postgres)).open();
  const text = await schemaText(ledger.database);
  await ledger.close();
  await expect(text).toMatchFileSnapshot(committed);
});

test('prisma/schema.sql makes the same schema in an empty database', async () => {
  const connectionString = await postgres.createDatabase();
  const text = await readFile(committed, 'utf8');
  const client = new pg.Client({ connectionString });
  await client.connect();
  await client.query(text);
  await client.end();
  const database = openDatabase({ connectionString });
  expect(await schemaText(database)).toBe(text);
  await database.close();
});
