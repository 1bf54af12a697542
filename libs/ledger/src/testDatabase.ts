import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import pg from 'pg';
import { openPostgresLedger, type PostgresLedger } from './postgres/openPostgresLedger.ts';

const migrations = path.resolve(import.meta.dirname, '../../../prisma/migrations');

/** What `startPostgres` of libs/testing gives. */
interface Server {
  readonly url: string;
  createDatabase(): Promise<string>;
  stop(): Promise<void>;
}

export interface TestLedgers {
  /** A ledger in a database of its own. */
  open(): Promise<PostgresLedger>;
  /** Another connection pool to the database made last. */
  openAgain(): Promise<PostgresLedger>;
  tearDown(): Promise<void>;
}

/** Ledgers on the Postgres of one test file, which ends with them; each `open` clones a migrated template. */
export async function startTestLedgers(postgres: Server): Promise<TestLedgers> {
  const opened: PostgresLedger[] = [];
  const template = await postgres.createDatabase();
  await run(template, await migrationSql());
  let last = template;
  const openAgain = async (): Promise<PostgresLedger> => {
    const ledger = await openPostgresLedger({ connectionString: last, connections: 3 });
    opened.push(ledger);
    return ledger;
  };
  return {
    open: async () => {
      const name = `${new URL(template).pathname.slice(1)}_${opened.length}`;
      await run(postgres.url, `create database ${name} template ${new URL(template).pathname.slice(1)}`);
      last = Object.assign(new URL(template), { pathname: `/${name}` }).href;
      return openAgain();
    },
    openAgain,
    tearDown: async () => {
      await Promise.all(opened.map((ledger) => ledger.close()));
      const names = opened.map((_, n) => `${new URL(template).pathname.slice(1)}_${n}`);
      for (const name of names) await run(postgres.url, `drop database if exists ${name} with (force)`);
      await postgres.stop();
    },
  };
}

async function migrationSql(): Promise<string> {
  const folders = (await readdir(migrations, { withFileTypes: true })).filter((entry) => entry.isDirectory());
  const names = folders.map(({ name }) => name).toSorted();
  return (await Promise.all(names.map((name) => readFile(path.join(migrations, name, 'migration.sql'), 'utf8')))).join(
    '\n',
  );
}

async function run(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
