import { createHash } from 'node:crypto';
import { PrismaPg } from '@prisma/adapter-pg';
import pg from 'pg';
import { PrismaClient } from '../../../../generated/prisma/client.ts';

/** A statement with its parameters; rows come back as plain objects. */
export interface Sql {
  query<Row extends object>(text: string, values: readonly unknown[]): Promise<Row[]>;
}

/** One connection pool to the ledger's database. Every function of this folder takes it first. */
export interface LedgerDatabase extends Sql {
  /** Ordinary reads and writes of small tables. */
  readonly prisma: PrismaClient;
  readonly connectionString: string;
  /**
   * READ COMMITTED. What it throws rolls back; statements go in order. `byIndex` is for work that looks up some hundred
   * rows of tables of any size, whatever the statistics say.
   */
  transaction<Result>(work: (sql: Sql) => Promise<Result>, options?: { readonly byIndex?: boolean }): Promise<Result>;
  close(): Promise<void>;
}

const names = new Map<string, string>();

/** Statements are few and constant, so each is prepared once a connection and keeps its plan. */
function nameOf(text: string): string {
  const known = names.get(text);
  if (known !== undefined) return known;
  const name = createHash('sha256').update(text).digest('base64url').slice(0, 20);
  names.set(text, name);
  return name;
}

const sqlOf = (queryable: pg.Pool | pg.PoolClient): Sql => ({
  query: async <Row extends object>(text: string, values: readonly unknown[]) =>
    (await queryable.query<Row & pg.QueryResultRow>({ name: nameOf(text), text, values: [...values] })).rows,
});

/** Opens a pool of at most `connections`; the first statement connects. Migrations are not its business. */
export function openDatabase(options: { connectionString: string; connections?: number }): LedgerDatabase {
  const { connectionString, connections = 10 } = options;
  const pool = new pg.Pool({ connectionString, max: connections, connectionTimeoutMillis: 5000 });
  // An idle connection that breaks has no caller to tell; the next statement opens another.
  pool.on('error', () => {});
  const prisma = new PrismaClient({ adapter: new PrismaPg(pool) });
  return {
    ...sqlOf(pool),
    prisma,
    connectionString,
    transaction: (work, { byIndex = false } = {}) => inTransaction(pool, work, byIndex),
    close: async () => {
      await prisma.$disconnect();
      await pool.end();
    },
  };
}

/**
 * Plans by the tables as they are now (a plan kept from when they were empty would be wrong for good), and never one that
 * reads a whole table for a batch of some hundred rows.
 */
const indexOnly = `set local plan_cache_mode = force_custom_plan; set local enable_seqscan = off;
  set local enable_hashjoin = off; set local enable_mergejoin = off`;

async function inTransaction<Result>(
  pool: pg.Pool,
  work: (sql: Sql) => Promise<Result>,
  byIndex: boolean,
): Promise<Result> {
  const client = await pool.connect();
  let broken: Error | undefined;
  const onError = (error: Error): void => {
    broken = error;
  };
  client.on('error', onError);
  try {
    await client.query(
      byIndex ? `begin isolation level read committed; ${indexOnly}` : 'begin isolation level read committed',
    );
    const result = await work(sqlOf(client));
    await client.query('commit');
    return result;
  } catch (error) {
    await client.query('rollback').catch((lost: Error) => (broken = lost));
    throw error;
  } finally {
    client.off('error', onError);
    // A connection that could not even roll back is thrown away, and its transaction with it.
    client.release(broken);
  }
}
