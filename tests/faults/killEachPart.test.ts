// kill -9 of each part in turn while a checkpoint that stops its container runs, on the real parts: runsc, Kafka,
// Postgres. The supervisor brings the part back. Then: the checkpoint has exactly one terminal event, and the container
// is alive, or it can be restored.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient, type Client } from '@stasis/api-contract';
import { outcomes } from '@stasis/lifecycle';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeHome, removeHome } from '../../apps/cli/src/demo/home.ts';
import { up, type Up } from '../../apps/cli/src/up/index.ts';

const node = 'node-a';
let platform: Up;
let client: Client;
let home: string;

beforeAll(async () => {
  home = makeHome('faults');
  platform = await up({ home, bus: 'kafka', nodes: [node], listen: '127.0.0.1:0' });
  client = createClient({ server: platform.url, token: platform.token });
}, 180_000);

afterAll(async () => {
  if (client !== undefined) await removeContainers();
  await platform?.stop();
  await removeHome(home);
}, 120_000);

/** Holds 96 MB of random data, so that capture, seal and store take long enough to be hit, and counts. */
const program = `
import { randomFillSync } from 'node:crypto';
const held = randomFillSync(Buffer.alloc(96 << 20));
let n = 0;
setInterval(() => console.log(n++, held[n]), 20);
`;

test.each([
  ['checkpointer-node-a', 60],
  ['checkpointer-node-a', 250],
  ['checkpointer-node-a', 600],
  ['api', 60],
  ['api', 400],
  ['restorer-node-a', 100],
  ['postgres', 100],
  ['kafka', 100],
])(
  'kill -9 of %s %i ms after the request: one end, and the container lives or can be restored',
  async (part, afterMs) => {
    const name = `c-${part}-${afterMs}`;
    const container = `${node}/${name}`;
    await client.requestStart({
      body: { node, name, command: [process.execPath, '--input-type=module', '-e', program] },
    });
    await until(async () => (await statusOf(name)) === 'running' && grows(name), 60_000);

    const { id } = await client.requestCheckpoint({ body: { container, reason: `kill ${part}` } });
    await sleep(afterMs);
    killPart(part);

    const ended = await until(async () => {
      const checkpoint = await client.getCheckpoint({ params: { id } });
      return checkpoint.endedAt === undefined ? undefined : checkpoint;
    }, 150_000);
    const ends = ended.timeline.filter((event) =>
      outcomes.some((outcome) => event.type === `dev.stasis.checkpoint.${outcome}.v1`),
    );
    expect(ends.map((event) => event.type)).toHaveLength(1);

    expect(await (ended.phase === 'Ready' ? goesOnFrom(id, name) : grows(name)), `phase ${ended.phase}`).toBe(true);
  },
  240_000,
);

/** A Ready checkpoint: its container has stopped, and a restore of it runs. */
async function goesOnFrom(checkpoint: string, name: string): Promise<boolean> {
  await until(async () => ['stopped', 'gone'].includes(await statusOf(name)), 30_000);
  const restored = `${name}-again`;
  const { id } = await client.requestRestore({ body: { checkpoint, node, name: restored } });
  const restore = await until(async () => {
    const view = await client.getRestore({ params: { id } });
    return view.endedAt === undefined ? undefined : view;
  }, 60_000);
  return restore.phase === 'Running' && (await until(() => grows(restored), 10_000));
}

/** Postgres and Kafka themselves, not the processes that keep them; the others by the platform's mark files. */
function killPart(part: string): void {
  const pid = part === 'postgres' ? postmaster() : part === 'kafka' ? broker() : marked(part);
  process.kill(pid, 'SIGKILL');
}

const marked = (part: string): number =>
  (JSON.parse(readFileSync(path.join(home, 'run', `${part}.json`), 'utf8')) as { pid: number }).pid;

const postmaster = (): number =>
  processWith((command) => command.includes(home) && /bin\/postgres\0-D\0/.test(command));

const broker = (): number => processWith((command) => command.includes(home) && command.includes('kafka.Kafka'));

function processWith(matches: (command: string) => boolean): number {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  const found = pids.find((pid) => {
    try {
      return matches(readFileSync(`/proc/${pid}/cmdline`, 'utf8'));
    } catch {
      return false; // it has ended meanwhile
    }
  });
  if (found === undefined) throw new Error(`no such process: ${matches.toString()}`);
  return Number(found);
}

const logOf = (name: string): string => path.join(home, 'nodes', node, 'logs', `${name}.log`);

async function grows(name: string): Promise<boolean> {
  const size = () => (existsSync(logOf(name)) ? readFileSync(logOf(name)).length : 0);
  const before = size();
  await sleep(200);
  return size() > before;
}

const statusOf = async (id: string): Promise<string> => (await client.getContainer({ params: { node, id } })).status;

async function removeContainers(): Promise<void> {
  const { items } = await client.listContainers({ query: { node } });
  for (const { name } of items) await client.requestRemove({ params: { node, id: name } });
  await until(async () => (await client.listContainers({ query: { node } })).items.length === 0, 60_000);
}

/** Tries again until there is an answer; the platform may be away meanwhile. */
async function until<T>(what: () => Promise<T | undefined | false>, ms: number): Promise<T> {
  const end = Date.now() + ms;
  let last: unknown = 'no answer yet';
  while (Date.now() < end) {
    try {
      const answer = await what();
      if (answer !== undefined && answer !== false) return answer;
    } catch (error) {
      last = error;
    }
    await sleep(100);
  }
  throw new Error(`not within ${ms} ms: ${what.toString()}`, { cause: last });
}
