import { mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { StasisError } from '@stasis/errors';
import pg from 'pg';
import { chooseBus, type BusKind } from './chooseBus.ts';
import { brokerOf } from './kafkaProgram.ts';
import { migrate } from './migrate.ts';
import { isListening, portFor } from './ports.ts';
import { postgresPrograms, postmasterOf } from './postgresProgram.ts';
import { stepTimer } from './stepTimer.ts';
import { supervise, type ProcessSpec, type Supervised } from './supervise.ts';

export interface StackOptions {
  /** STASIS_HOME: data, ports and logs are kept below it. */
  readonly home: string;
  /** Else STASIS_BUS, else what this machine can run. */
  readonly bus?: string;
  readonly say?: (line: string) => void;
}

export interface Stack {
  readonly databaseUrl: string;
  readonly kafkaBrokers?: string;
  readonly bus: BusKind;
  /** Why this bus, as a sentence to be printed. */
  readonly why: string;
  /** What runs here and is kept running: `postgres`, `kafka`, both or neither. */
  readonly own: readonly string[];
  /** Ends what was started or adopted here, Kafka and Postgres alike. Idempotent. */
  stop(): Promise<void>;
}

const answersSql = async (databaseUrl: string): Promise<boolean> => {
  const client = new pg.Client({ connectionString: databaseUrl, connectionTimeoutMillis: 2000 });
  // A server that goes away under an idle connection is an answer too.
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query('select 1');
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
};

const until = async (kept: Supervised, name: string, there: () => Promise<boolean>, ms: number): Promise<void> => {
  const deadline = Date.now() + ms;
  while (!(await there())) {
    if (Date.now() > deadline || (kept.restarts()[name] ?? 0) >= 5) {
      const said = kept.logTail(name);
      throw new StasisError('ConfigInvalid', `${name} did not come up. Its log ends with:\n${said}`, {
        next: 'Run `stasis doctor` to see what this machine lacks.',
      });
    }
    await sleep(50);
  }
};

const postgresSpec = async (home: string): Promise<{ spec: ProcessSpec; directory: string; port: number }> => {
  const directory = path.join(home, 'postgres');
  const left = postmasterOf(path.join(directory, 'data'));
  if (left === undefined) await postgresPrograms();
  const port = left?.port ?? (await portFor(home, 'postgres'));
  const main = path.join(import.meta.dirname, 'postgresMain.ts');
  return { spec: { name: 'postgres', args: [main, directory, String(port)], env: {} }, directory, port };
};

const kafkaSpec = async (home: string): Promise<{ spec: ProcessSpec; port: number }> => {
  const directory = path.join(home, 'kafka');
  const ours = brokerOf(path.join(directory, 'server.properties')) !== undefined;
  const port = await portFor(home, 'kafka', ours);
  const controller = await portFor(home, 'kafkaController', ours);
  const main = path.join(import.meta.dirname, 'kafkaMain.ts');
  return { spec: { name: 'kafka', args: [main, directory, String(port), String(controller)], env: {} }, port };
};

/**
 * The database and the bus that Stasis runs on: DATABASE_URL and KAFKA_BROKERS where they are set, else an embedded
 * Postgres and a local broker below `home`, on ports that are kept from one start to the next. What a crash left
 * running is adopted. Resolves when both answer and the schema is up to date.
 *
 * @throws {StasisError} ConfigInvalid naming the setting, or what did not come up with the end of its log.
 */
export const startStack = async (options: StackOptions): Promise<Stack> => {
  const { home, say } = options;
  const { bus, why, brokers } = await chooseBus(options.bus);
  mkdirSync(home, { recursive: true });
  const external = process.env['DATABASE_URL'];
  const postgres = external ? undefined : await postgresSpec(home);
  const kafka = bus === 'kafka' && brokers === undefined ? await kafkaSpec(home) : undefined;
  const specs = [postgres?.spec, kafka?.spec].filter((spec) => spec !== undefined);
  const step = stepTimer(say);
  const kept = await supervise(specs, { home, patienceMs: 20_000, ...(say === undefined ? {} : { say }) });
  try {
    const databaseUrl = postgres === undefined ? (external ?? '') : await embeddedUrl(kept, postgres);
    if (postgres !== undefined) step('Postgres answers');
    const stamp = postgres === undefined ? undefined : path.join(postgres.directory, 'migrated');
    step(`schema ${await migrate(databaseUrl, stamp)}`);
    if (kafka !== undefined) {
      await until(kept, 'kafka', () => isListening(kafka.port), 60_000);
      step('Kafka answers');
    }
    const kafkaBrokers = kafka === undefined ? brokers : `127.0.0.1:${kafka.port}`;
    return {
      databaseUrl,
      bus,
      why,
      own: kept.names,
      stop: () => kept.stop(),
      ...(kafkaBrokers === undefined ? {} : { kafkaBrokers }),
    };
  } catch (error) {
    await kept.stop();
    throw error;
  }
};

const embeddedUrl = async (kept: Supervised, at: { directory: string; port: number }): Promise<string> => {
  const password = path.join(at.directory, 'password');
  const url = (database: string): string =>
    `postgresql://postgres:${readFileSync(password, 'utf8')}@127.0.0.1:${at.port}/${database}`;
  // The port opens before the server takes queries, and the password is not there before the first start made it.
  const up = async (): Promise<boolean> => (await isListening(at.port)) && answersSql(url('postgres'));
  await until(kept, 'postgres', up, 60_000);
  return url('stasis');
};
