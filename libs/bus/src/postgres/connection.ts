import pg from 'pg';
import { StasisError, isStasisError, messageOf } from '@stasis/errors';

/** SQLSTATE classes that say "the server is away or going away": 08 connection, 57 operator intervention, 53 resources. */
const awayClasses = ['08', '57', '53'];

/** Whether the same call can succeed once the server is back. Errors without an SQLSTATE come from the socket. */
export const isAway = (error: unknown): boolean => {
  const code = (error as { code?: unknown } | null)?.code;
  if (isStasisError(error)) return false;
  if (typeof code !== 'string') return error instanceof Error && /connection|timeout|closed/i.test(error.message);
  return /^E[A-Z]+$/.test(code) || awayClasses.includes(code.slice(0, 2));
};

/** @returns the error as BusUnavailable, naming host and port but never the password */
export const unavailable = (connectionString: string, error: unknown): StasisError => {
  if (isStasisError(error)) return error;
  const { host } = new URL(connectionString);
  return new StasisError('BusUnavailable', `The Postgres bus at ${host} does not answer: ${messageOf(error)}.`, {
    cause: error,
    next: 'Check that Postgres runs and that the bus login may use the schema.',
  });
};

/** One connection that is opened when needed and forgotten when it breaks. */
export interface Connection {
  /** Runs `work` with the open client when the work before it has ended. */
  run<T>(work: (client: pg.Client) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

export const createConnection = (
  connectionString: string,
  applicationName: string,
  prepare: (client: pg.Client) => Promise<void>,
): Connection => {
  let tail: Promise<unknown> = Promise.resolve();
  let opening: Promise<pg.Client> | undefined;
  let open: pg.Client | undefined;
  const connect = async (): Promise<pg.Client> => {
    const client = new pg.Client({
      connectionString,
      application_name: applicationName,
      connectionTimeoutMillis: 5000,
      keepAlive: true,
    });
    let lost = false;
    const forget = (): void => {
      if (lost) return;
      lost = true;
      open = undefined;
      opening = undefined;
    };
    client.on('error', forget);
    client.on('end', forget);
    try {
      await client.connect();
      await prepare(client);
      if (lost) throw new Error('connection lost');
    } catch (error) {
      forget();
      await client.end().catch(() => {});
      throw error;
    }
    open = client;
    return client;
  };
  return {
    run: (work) => {
      const result = tail.then(async () => work(await (opening ??= connect())));
      tail = result.catch(() => {});
      return result;
    },
    close: async () => {
      await tail;
      const client = open;
      open = undefined;
      opening = undefined;
      await client?.end();
    },
  };
};
