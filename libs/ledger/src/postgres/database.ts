import { createHash } from 'node:crypto';
import { PrismaPg } from '@prisma/adapter-pg';
import pg from 'pg';
import { PrismaClient } from '../../../../generated/prisma/client.ts';
import { ledgerErrorOf } from './databaseErrors.ts';

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

export interface DatabaseOptions {
  readonly connectionString: string;
  /** 10 unless told. */
  readonly connections?: number;
  /** What one statement may take, in ms; 30 s unless told. Work on a whole ledger (rebuild, a first tree head) has no limit. */
  readonly statementTimeoutMs?: number;
}

/**
 * Opens a pool; the first statement connects. Migrations are not its business. Statements and transactions fail with
 * AuditUnavailable (retryable) when Postgres is away or takes too long.
 */
export function openDatabase(options: DatabaseOptions): LedgerDatabase {
  const { connectionString, connections = 10, statementTimeoutMs = 30_000 } = options;
  const pool = new pg.Pool({
    connectionString,
    max: connections,
    connectionTimeoutMillis: 5000,
    statement_timeout: statementTimeoutMs,
  });
  // An idle connection that breaks has no caller to tell; the next statement opens another.
  pool.on('error', () => {});
  const prisma = new PrismaClient({ adapter: new PrismaPg(pool) });
  const sql = sqlOf(pool);
  return {
    query: (text, values) => sql.query<never>(text, values).catch(rethrow),
    prisma,
    connectionString,
    transaction: (work, { byIndex = false } = {}) => inTransaction(pool, work, byIndex).catch(rethrow),
    close: async () => {
      await prisma.$disconnect();
      await pool.end();
    },
  };
}

const rethrow = (error: unknown): never => {
  throw ledgerErrorOf(error);
};

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
      `begin isolation level read committed; ${byIndex ? indexOnly : 'set local statement_timeout = 0'}`,
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
