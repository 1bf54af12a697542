import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterEach, expect, it, vi } from 'vitest';
import { whyNoKafka } from './java.ts';
import { brokerOf } from './kafkaProgram.ts';
import { nodeProgram } from './places.ts';
import { isListening } from './ports.ts';
import { postmasterOf } from './postgresProgram.ts';
import { isAlive, liveMarkIn } from './processMark.ts';
import { startStack } from './startStack.ts';

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).toReversed()) await step();
  vi.unstubAllEnvs();
});

/** A home that only its owner may enter, as a user's home often is. */
const makeHome = (): string => {
  const home = mkdtempSync(path.join(tmpdir(), 'stasis-stack-'));
  chmodSync(home, 0o700);
  undo.push(() => rmSync(home, { recursive: true, force: true }));
  return home;
};

const start = async (home: string, bus: string): ReturnType<typeof startStack> => {
  vi.stubEnv('DATABASE_URL', '');
  vi.stubEnv('KAFKA_BROKERS', '');
  const stack = await startStack({ home, bus });
  undo.push(() => stack.stop());
  return stack;
};

const rows = async (databaseUrl: string, sql: string): Promise<unknown[]> => {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
};

const postmaster = (home: string): ReturnType<typeof postmasterOf> => postmasterOf(path.join(home, 'postgres/data'));

it('starts Postgres with the schema in place, keeps it across a stop, and leaves nothing running', async () => {
  const home = makeHome();
  const first = await start(home, 'postgres');
  expect(first).toMatchObject({ bus: 'postgres', own: ['postgres'] });
  await rows(first.databaseUrl, 'create table kept as select 7 as n');
  const mark = postmaster(home)?.mark;
  await first.stop();
  expect(mark !== undefined && isAlive(mark)).toBe(false);
  const second = await start(home, 'postgres');
  expect(second.databaseUrl).toBe(first.databaseUrl);
  expect(await rows(second.databaseUrl, 'select n from kept')).toEqual([{ n: 7 }]);
  expect(await rows(second.databaseUrl, "select to_regclass('events') is not null as there")).toEqual([
    { there: true },
  ]);
}, 60_000);

it('brings Postgres back on the same address after its postmaster was killed', async () => {
  const home = makeHome();
  const stack = await start(home, 'postgres');
  const killed = postmaster(home)?.mark;
  if (killed === undefined) throw new Error('no postmaster');
  process.kill(killed.pid, 'SIGKILL');
  const deadline = Date.now() + 30_000;
  let found: unknown[] = [];
  while (found.length === 0 && Date.now() < deadline) {
    await sleep(100);
    found = await rows(stack.databaseUrl, 'select 1 as one').catch(() => []);
  }
  expect(found).toEqual([{ one: 1 }]);
  expect(postmaster(home)?.mark.pid).not.toBe(killed.pid);
}, 60_000);

it('adopts the Postgres that a killed keeper left running', async () => {
  const home = makeHome();
  const stack = await start(home, 'postgres');
  const before = postmaster(home)?.mark;
  if (before === undefined) throw new Error('no postmaster');
  const keeper = liveMarkIn(path.join(home, 'run/postgres.json'))?.pid ?? 0;
  process.kill(keeper, 'SIGKILL');
  await sleep(1500);
  expect(await rows(stack.databaseUrl, 'select 1 as one')).toEqual([{ one: 1 }]);
  expect(postmaster(home)?.mark).toEqual(before);
  await stack.stop();
  expect(isAlive(before)).toBe(false);
}, 60_000);

it('starts a broker, and ends it and Postgres when the process that asked for them is killed', async (context) => {
  const not = await whyNoKafka();
  if (not !== undefined && process.env['CI'] !== 'true') context.skip(`no local Kafka: ${not}`);
  const home = makeHome();
  const script = `import { startStack } from ${JSON.stringify(path.join(import.meta.dirname, 'startStack.ts'))};
    const stack = await startStack({ home: ${JSON.stringify(home)}, bus: 'kafka' });
    console.log(stack.kafkaBrokers); setInterval(() => 0, 1000);`;
  const parent = spawn(nodeProgram(), ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, DATABASE_URL: '', KAFKA_BROKERS: '' },
  });
  undo.push(() => parent.kill('SIGKILL'));
  const [said] = (await once(parent.stdout, 'data')) as [Buffer];
  const port = Number(said.toString().trim().split(':')[1]);
  expect(await isListening(port)).toBe(true);
  const marks = [postmaster(home)?.mark, brokerOf(path.join(home, 'kafka/server.properties'))];
  parent.kill('SIGKILL');
  for (const deadline = Date.now() + 30_000; Date.now() < deadline; await sleep(50))
    if (!marks.some((mark) => mark !== undefined && isAlive(mark))) break;
  expect(marks.map((mark) => mark !== undefined && isAlive(mark))).toEqual([false, false]);
  expect(existsSync(path.join(home, 'postgres/data/postmaster.pid'))).toBe(false);
}, 120_000);

it('refuses a bus that it does not know, naming the setting', async () => {
  await expect(start(makeHome(), 'rabbit')).rejects.toThrow('STASIS_BUS (--bus) is "rabbit".');
});
