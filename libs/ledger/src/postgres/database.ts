import { PrismaPg } from '@prisma/adapter-pg';
import { PrismaClient } from '../../../../generated/prisma/client.ts';

/** A statement with its parameters; rows come back as plain objects. */
export interface Sql {
  query<Row extends object>(text: string, values: readonly unknown[]): Promise<Row[]>;
}

/** One connection pool to the ledger's database. Every function of this folder takes it first. */
export interface LedgerDatabase extends Sql {
  readonly prisma: PrismaClient;
  readonly connectionString: string;
  /** READ COMMITTED. What it throws rolls back; statements go in order. */
  transaction<Result>(work: (sql: Sql) => Promise<Result>, options?: { readonly timeoutMs?: number }): Promise<Result>;
  close(): Promise<void>;
}

type Raw = Pick<PrismaClient, '$queryRawUnsafe'>;

const sqlOf = (raw: Raw): Sql => ({
  // "Unsafe" is Prisma's word for SQL that is not a tagged template; values always go as parameters here.
  query: (text, values) => raw.$queryRawUnsafe(text, ...values),
});

/** Opens a pool of at most `connections`; the first statement connects. Migrations are not its business. */
export function openDatabase(options: { connectionString: string; connections?: number }): LedgerDatabase {
  const { connectionString, connections = 10 } = options;
  const adapter = new PrismaPg({ connectionString, max: connections, connectionTimeoutMillis: 5000 });
  const prisma = new PrismaClient({ adapter });
  return {
    ...sqlOf(prisma),
    prisma,
    connectionString,
    transaction: (work, { timeoutMs = 120_000 } = {}) =>
      prisma.$transaction((tx) => work(sqlOf(tx)), {
        isolationLevel: 'ReadCommitted',
        maxWait: 10_000,
        timeout: timeoutMs,
      }),
    close: () => prisma.$disconnect(),
  };
}
