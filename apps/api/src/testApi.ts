import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Bus, topics, topicSpecs } from '@stasis/bus';
import { createMemoryBroker, createMemoryBus, type MemoryBroker } from '@stasis/bus/memory';
import { type EventData, type EventKey, factBytes, ledgerOf, newId, type StasisEvent, typeOf } from '@stasis/events';
import { newPrivateKey, type SigningKey, signingKeyOf, writeKeyRing } from '@stasis/proof';
import { openDatabase } from '@stasis/ledger/postgres';
import { afterAll, beforeAll, vi } from 'vitest';
import { createLog } from './http/createLog.ts';
import { messageOfEvent } from './relay/messagesOf.ts';
import { readSettings } from './settings.ts';
import { type RunningApi, startApi } from './startApi.ts';

const migrations = path.resolve(import.meta.dirname, '../../../prisma/migrations');

export interface TestApi {
  readonly api: RunningApi;
  readonly bus: Bus;
  readonly broker: MemoryBroker;
  readonly home: string;
  readonly token: string;
  readonly databaseUrl: string;
  /** A request with the admin token; the body is sent as JSON. */
  call(method: string, route: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
  /** Resolves once a GET answers 200 with what `holds` accepts; 20 s at most. */
  until(route: string, holds?: (body: Record<string, unknown>) => boolean): Promise<Record<string, unknown>>;
  /** Publishes facts as their nodes would, signed, in order. A node that has not enrolled does so first. */
  report(...facts: StasisEvent[]): Promise<void>;
  /** The key of a node of this test's fleet. */
  keyOf(node: string): Promise<SigningKey>;
  stop(): Promise<void>;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // A test reads what it expects; a wrong shape fails there.
  readonly body: Record<string, unknown>;
}

interface Shared {
  readonly databaseUrl: string;
  readonly broker?: MemoryBroker;
  readonly env?: Record<string, string>;
  /** Told each line of the log, at level trace. */
  readonly log?: (line: string) => void;
}

/** Apis of one fleet hold the same key, which its nodes believe: the content of the file by database. */
const signingKeys = new Map<string, string>();

async function writeSigningKey(home: string, databaseUrl: string): Promise<void> {
  const content = signingKeys.get(databaseUrl) ?? writeKeyRing([newPrivateKey()]);
  signingKeys.set(databaseUrl, content);
  await writeFile(path.join(home, 'signing.key'), content, { mode: 0o600 });
}

/** Brings an empty database to the schema of the migrations. */
export async function applyMigrations(databaseUrl: string): Promise<void> {
  const names = (await readdir(migrations, { withFileTypes: true })).filter((entry) => entry.isDirectory());
  const database = openDatabase({ connectionString: databaseUrl, connections: 1 });
  try {
    for (const { name } of names.toSorted((a, b) => a.name.localeCompare(b.name)))
      await database.prisma.$executeRawUnsafe(await readFile(path.join(migrations, name, 'migration.sql'), 'utf8'));
  } finally {
    await database.close();
  }
}

/** An api on a free port, with a home of its own and the memory bus. */
export async function startTestApi({
  databaseUrl,
  broker = createMemoryBroker(),
  env = {},
  log,
}: Shared): Promise<TestApi> {
  const home = await mkdtemp(path.join(tmpdir(), 'stasis-test-api-'));
  await writeSigningKey(home, databaseUrl);
  const bus = createMemoryBus({ broker });
  let token = '';
  const api = await startApi({
    settings: readSettings({
      DATABASE_URL: databaseUrl,
      STASIS_LISTEN: '127.0.0.1:0',
      STASIS_HOME: home,
      ...env,
    }),
    bus,
    topics: topicSpecs(),
    log: log === undefined ? createLog(process.env['STASIS_LOG_LEVEL'] ?? 'silent') : createLog('trace', log),
    announceToken: (secret) => (token = secret),
    leaseMs: 1000,
  }).catch(async (error: unknown) => {
    await bus.close();
    await rm(home, { recursive: true, force: true });
    throw error;
  });
  const call: TestApi['call'] = async (method, route, body, headers = {}) => {
    const response = await fetch(`${api.url}${route}`, {
      method,
      headers: {
        accept: 'application/json',
        authorization: `Bearer ${token}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.includes('json') === true;
    return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : { text } };
  };
  const keyOf = (node: string): Promise<SigningKey> => {
    const name = `${databaseUrl} ${node}`;
    const known = nodeKeys.get(name) ?? enrol(call, node);
    nodeKeys.set(name, known);
    return known;
  };
  return {
    api,
    bus,
    broker,
    home,
    token,
    databaseUrl,
    call,
    until: async (route, holds = () => true) => {
      for (const end = Date.now() + 20_000; ;) {
        const { status, body } = await call('GET', route);
        if (status === 200 && holds(body)) return body;
        if (Date.now() > end) throw new Error(`${route} did not come to what was waited for: ${JSON.stringify(body)}`);
        await sleep(20);
      }
    },
    report: async (...facts) => {
      const signed: StasisEvent[] = [];
      for (const fact of facts) signed.push(await signFact(fact, await keyOf(nodeOf(fact))));
      await bus.publish(signed.map((event) => factMessage(event)));
    },
    keyOf,
    stop: async () => {
      try {
        await api.close();
      } finally {
        await bus.close();
        await rm(home, { recursive: true, force: true });
      }
    },
  };
}

/** What `startPostgres` of libs/testing gives. */
interface Server {
  createDatabase(): Promise<string>;
  stop(): Promise<void>;
}

/** An api for all tests of a file, on a database of its own; it is there from the file's first hook or test on. */
export function useTestApi(startPostgres: () => Promise<Server>, options: Omit<Shared, 'databaseUrl'> = {}): TestApi {
  vi.setConfig({ testTimeout: 60_000, hookTimeout: 120_000 });
  const api = {} as TestApi;
  let postgres: Server | undefined;
  beforeAll(async () => {
    postgres = await startPostgres();
    const databaseUrl = await postgres.createDatabase();
    await applyMigrations(databaseUrl);
    Object.assign(api, await startTestApi({ ...options, databaseUrl }));
  });
  afterAll(async () => {
    await api.stop?.();
    await postgres?.stop();
  });
  return api;
}

/** Keys of the nodes, by database and name: several apis may share a fleet. */
const nodeKeys = new Map<string, Promise<SigningKey>>();

const nodeOf = ({ source }: StasisEvent): string => source.slice('/stasis/nodes/'.length);

/** A fact with the signature that the holder of a key would put on it. */
export async function signFact(fact: StasisEvent, key: SigningKey): Promise<StasisEvent> {
  const told: StasisEvent = { ...fact, nodekeyid: key.keyId };
  return { ...told, nodesignature: await key.sign(factBytes(told)) };
}

/** Enrols a node over HTTP, as its agent would. */
async function enrol(call: TestApi['call'], node: string): Promise<SigningKey> {
  const key = await signingKeyOf(newPrivateKey());
  const { body: invited } = await call('POST', '/v1/nodes/enrolment-tokens', { node });
  const { publicKey } = key;
  const { status, body } = await call('POST', '/v1/nodes/enrol', { node, token: invited['token'], publicKey });
  if (status !== 200) throw new Error(`node ${node} could not enrol: ${JSON.stringify(body)}`);
  return key;
}

export const factMessage = (event: StasisEvent): ReturnType<typeof messageOfEvent> =>
  messageOfEvent(topics.facts, event.subject, { event, position: 0, stream: '', version: 0 });

/** A fact as an agent of `node` tells it. */
export function factOf<K extends EventKey>(node: string, key: K, subject: string, data: EventData<K>): StasisEvent {
  return {
    specversion: '1.0',
    id: newId('evt'),
    type: typeOf(key),
    source: `/stasis/nodes/${node}`,
    subject,
    time: new Date().toISOString(),
    datacontenttype: 'application/json',
    ledger: ledgerOf(key),
    authtype: 'system',
    authid: 'sub_agent',
    correlationid: subject,
    data,
  } as unknown as StasisEvent;
}

const runtime = { name: 'runsc', version: 'release-20260905.0', platform: 'systrap' };

/** Both agents of a node joining, and one running container on it. */
export function nodeWithContainer(node: string, container: string, features: string[] = ['sse2']): StasisEvent[] {
  const joined = (agent: 'checkpointer' | 'restorer'): StasisEvent =>
    factOf(node, 'node.joined', node, {
      node,
      agent,
      instance: newId('sub'),
      partition: 3,
      runtime,
      kernel: '6.1',
      architecture: 'x64',
      cpuModel: 'test',
      cpuFeatures: features,
    });
  return [joined('checkpointer'), joined('restorer'), discovered(node, container)];
}

export const discovered = (node: string, container: string, run = newId('sub') as string): StasisEvent =>
  factOf(node, 'container.discovered', `${node}/${container}`, {
    container: `${node}/${container}`,
    run,
    status: 'running',
    runtime: 'runsc',
    root: '/run/runsc',
    bundle: '/bundles/x',
    startedAt: new Date().toISOString(),
  });

const manifestDigest = `sha256:${'a'.repeat(64)}`;

/** The facts of a checkpoint that goes well, in order. */
export const goodCheckpoint = (node: string, id: string): StasisEvent[] => [
  factOf(node, 'checkpoint.accepted', id, { attempt: 1 }),
  factOf(node, 'checkpoint.captured', id, {
    files: [{ name: 'checkpoint.img', size: 10 }],
    bytes: 10,
    freezeMs: 5,
    staging: 'disk',
    container: 'running',
  }),
  factOf(node, 'checkpoint.sealed', id, { manifestDigest, bytes: 10, runtime, durationMs: 1 }),
  factOf(node, 'checkpoint.stored', id, { store: 'file:///x', bytesNew: 10, bytesShared: 0, durationMs: 1 }),
  factOf(node, 'checkpoint.verified', id, { manifestDigest, bytes: 10, durationMs: 1 }),
  factOf(node, 'checkpoint.ready', id, { container: 'running' }),
];
