import pg from 'pg';
import { growthChannel } from './append/insertEvents.ts';
import type { LedgerDatabase } from './database.ts';
import { readHeads } from './read/readHeads.ts';

/** How long growth can go unnoticed when a notification is lost, in ms. */
const pollMs = 1000;

/**
 * Tells subscribers that a ledger grew: by NOTIFY at once, and by a look at the heads every second, since a notification
 * sent while the listening connection was down is lost. Listens only while somebody subscribes.
 */
export function createGrowth(database: LedgerDatabase): {
  subscribe(callback: (ledger: string) => void): () => void;
  /** For appends of this process, so that they need no round trip. */
  tell(ledger: string): void;
  close(): Promise<void>;
} {
  const callbacks = new Set<(ledger: string) => void>();
  let seen: Map<string, number> | undefined;
  let client: pg.Client | undefined;
  let timer: NodeJS.Timeout | undefined;
  let work = Promise.resolve();

  const tell = (ledger: string): void => {
    for (const callback of callbacks) callback(ledger);
  };

  const listen = async (): Promise<void> => {
    const next = new pg.Client({ connectionString: database.connectionString, connectionTimeoutMillis: 5000 });
    const forget = (): void => {
      if (client === next) client = undefined;
    };
    // A lost connection is made again by the next tick; until then the poll tells.
    next.on('error', forget);
    next.on('end', forget);
    next.on('notification', ({ channel, payload }) => {
      if (channel === growthChannel && payload) tell(payload);
    });
    try {
      await next.connect();
      await next.query(`listen ${growthChannel}`);
    } catch (error) {
      await next.end();
      throw error;
    }
    client = next;
  };

  const tick = async (): Promise<void> => {
    try {
      if (client === undefined) await listen();
      const heads = await readHeads(database);
      for (const [ledger, position] of heads) if (seen && position > (seen.get(ledger) ?? 0)) tell(ledger);
      seen = heads;
    } catch {
      // Postgres is away: appends say so to their callers; here the next tick tries again.
    }
  };

  const run = (): void => {
    work = tick().then(() => {
      if (callbacks.size > 0) timer = setTimeout(run, pollMs);
      timer?.unref();
    });
  };

  const stop = async (): Promise<void> => {
    clearTimeout(timer);
    await work;
    clearTimeout(timer);
    await client?.end();
  };

  return {
    tell,
    subscribe: (callback) => {
      // A wrapper, so that the same function can be subscribed twice.
      const mine = (ledger: string): void => callback(ledger);
      callbacks.add(mine);
      if (callbacks.size === 1) work = work.then(run);
      return () => {
        callbacks.delete(mine);
        if (callbacks.size === 0) work = stop();
      };
    },
    close: async () => {
      callbacks.clear();
      await stop();
    },
  };
}
