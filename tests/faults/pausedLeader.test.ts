// Two apis on one database; the one that relays is stopped with SIGSTOP again and again, wherever it stands, and goes on
// once the other leads. Whoever drops what it has seen by position gets everything once and in order.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient } from '@stasis/api-contract';
import { type Bus, openBus, topics } from '@stasis/bus';
import { systemLedger } from '@stasis/events';
import { startPostgres, type TestPostgres } from '@stasis/testing';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { applyMigrations } from '../../apps/api/src/testApi.ts';

const rounds = 20;

interface Api {
  readonly process: ChildProcess;
  readonly url: string;
}

let postgres: TestPostgres;
let databaseUrl: string;
let database: pg.Client;
let bus: Bus;
const home = mkdtempSync(path.join(tmpdir(), 'stasis-paused-leader-'));
const apis: Api[] = [];

beforeAll(async () => {
  postgres = await startPostgres();
  databaseUrl = await postgres.createDatabase();
  await applyMigrations(databaseUrl);
  database = new pg.Client({ connectionString: databaseUrl });
  await database.connect();
  bus = await openBus({ STASIS_BUS: 'postgres', DATABASE_URL: databaseUrl });
  // One after the other: the first makes the admin token and the ledger's key in the home that they share.
  for (const _ of [1, 2]) apis.push(await startApi());
}, 120_000);

afterAll(async () => {
  for (const api of apis) api.process.kill('SIGKILL');
  await bus?.close();
  await database?.end();
  await postgres?.stop();
  rmSync(home, { recursive: true, force: true });
}, 60_000);

const startApi = async (): Promise<Api> => {
  const child = spawn(process.execPath, [path.join(import.meta.dirname, 'slowRelayApi.ts')], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      ...process.env,
      DATABASE_URL: databaseUrl,
      STASIS_BUS: 'postgres',
      STASIS_HOME: home,
      STASIS_LISTEN: '127.0.0.1:0',
    },
  });
  for await (const line of createInterface({ input: child.stdout }))
    if (line.startsWith('http:')) return { process: child, url: line };
  throw new Error('the api ended before it listened');
};

/** The api that relays the system ledger now; it has written its pid into its lease. */
const leader = async (): Promise<Api | undefined> => {
  const { rows } = await database.query<{ holder: string }>(
    `select holder from leases where name = 'api-relay-system' and expires > clock_timestamp()`,
  );
  const pid = Number(rows[0]?.holder.split(' ')[1]);
  return apis.find((api) => api.process.pid === pid);
};

const leaderOtherThan = async (old: Api | undefined): Promise<Api> => {
  for (const end = Date.now() + 60_000; Date.now() < end; await sleep(20)) {
    const now = await leader();
    if (now !== undefined && now !== old) return now;
  }
  throw new Error('nobody leads');
};

/** Keeps events coming, through whichever api is not stopped, until told to end. */
const keepRecording = (isStopped: (api: Api) => boolean): (() => Promise<void>) => {
  let on = true;
  const token = readFileSync(path.join(home, 'admin.token'), 'utf8').trim();
  const run = async (): Promise<void> => {
    for (let n = 0; on; n += 1) {
      const api = apis.find((one) => !isStopped(one));
      if (api === undefined) throw new Error('both apis are stopped');
      const client = createClient({ server: api.url, token });
      // One that is stopped in the middle of it answers when it goes on.
      await client.createToken({ body: { name: `token-${n}`, role: 'viewer' } });
      await sleep(5);
    }
  };
  const running = run();
  return async () => {
    on = false;
    await running;
  };
};

interface Seen {
  readonly position: number;
  readonly partition: number;
}

test(`a leader that is stopped in the middle of relaying, ${rounds} times, loses nothing, repeats nothing and keeps the order`, async () => {
  const got: Seen[] = [];
  await bus.subscribe({
    topic: topics.ledger,
    group: 'the-test',
    onBatch: async (messages) => {
      for (const { headers, partition } of messages)
        if (headers['ledger'] === systemLedger) got.push({ position: Number(headers['position']), partition });
    },
  });
  const stopped = new Set<Api>();
  const endRecording = keepRecording((api) => stopped.has(api));
  for (let round = 0; round < rounds; round += 1) {
    const paused = await leaderOtherThan(undefined);
    await sleep(Math.random() * 60);
    stopped.add(paused);
    paused.process.kill('SIGSTOP');
    await leaderOtherThan(paused);
    // The new one has gone on with it before the old one wakes.
    await sleep(Math.random() * 200);
    paused.process.kill('SIGCONT');
    stopped.delete(paused);
  }
  await endRecording();

  const { rows } = await database.query<{ head: number }>(
    'select max(position)::int as head from events where ledger = $1',
    [systemLedger],
  );
  const all = Array.from({ length: rows[0]?.head ?? 0 }, (_, at) => at + 1);
  expect(all.length).toBeGreaterThan(rounds * 2);
  await expect.poll(() => new Set(got.map(({ position }) => position)).size, { timeout: 30_000 }).toBe(all.length);

  const kept = withoutRepeats(got);
  expect(kept.toSorted((a, b) => a - b)).toEqual(all);
  // Without one repeat on the bus no leader was stopped where it matters, and nothing was shown.
  expect(got.length).toBeGreaterThan(kept.length);
  const { rows: leases } = await database.query<{ fencing: number }>(
    `select fencing::int as fencing from leases where name = 'api-relay-system'`,
  );
  expect(leases[0]?.fencing).toBeGreaterThan(rounds);
}, 240_000);

/** What a consumer keeps: of each partition, only what lies above the highest position that it has seen there. */
const withoutRepeats = (messages: readonly Seen[]): number[] => {
  const highest = new Map<number, number>();
  return messages.flatMap(({ position, partition }) => {
    if (position <= (highest.get(partition) ?? 0)) return [];
    highest.set(partition, position);
    return [position];
  });
};
