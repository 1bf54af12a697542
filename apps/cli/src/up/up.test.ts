import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { globSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterEach, expect, it } from 'vitest';
import { down } from './holdHome.ts';
import { nodeProgram } from './places.ts';
import { isAlive, liveMarkIn, type ProcessMark } from './processMark.ts';
import { up, type Up } from './up.ts';

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).toReversed()) await step();
});

const makeHome = (): string => {
  const home = mkdtempSync(path.join(tmpdir(), 'stasis-up-'));
  undo.push(() => rmSync(home, { recursive: true, force: true }));
  return home;
};

const options = (home: string): Parameters<typeof up>[0] => ({
  home,
  bus: 'postgres',
  runtime: 'simulated',
  nodes: ['node-a', 'node-b'],
  listen: '127.0.0.1:0',
});

const start = async (home: string): Promise<Up> => {
  const running = await up(options(home));
  undo.push(() => running.stop());
  return running;
};

const marksIn = (home: string): Record<string, ProcessMark> =>
  Object.fromEntries(
    globSync(path.join(home, 'run/*.json')).flatMap((file) => {
      const mark = liveMarkIn(file);
      return mark === undefined ? [] : [[path.basename(file, '.json'), mark]];
    }),
  );

/** Who is logged in to the database, beside us. */
const sessionsOf = async (databaseUrl: string): Promise<string[]> => {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const { rows } = await client.query<{ usename: string }>(
      `select distinct usename from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend' order by 1`,
    );
    return rows.map(({ usename }) => usename);
  } finally {
    await client.end();
  }
};

const nodesOf = async ({ url, token }: Up): Promise<string[]> => {
  const answer = await fetch(`${url}/v1/nodes`, { headers: { authorization: `Bearer ${token}` } });
  const { items } = (await answer.json()) as { items: { name?: string; id?: string }[] };
  return items.map(({ name, id }) => name ?? id ?? '').toSorted((a, b) => a.localeCompare(b));
};

it('runs the api and both agents of each node, brings a killed one back, and leaves none on stop', async () => {
  const home = makeHome();
  const running = await start(home);
  const before = marksIn(home);
  expect(Object.keys(before).toSorted((a, b) => a.localeCompare(b))).toEqual([
    'api',
    'checkpointer-node-a',
    'checkpointer-node-b',
    'postgres',
    'restorer-node-a',
    'restorer-node-b',
    'up',
  ]);
  expect(await nodesOf(running)).toEqual(['node-a', 'node-b']);
  expect(readFileSync(running.tokenFile, 'utf8').trim()).toBe(running.token);
  await expect(up(options(home))).rejects.toThrow('Stasis already runs in');
  const rebuilt = await fetch(`${running.url}/v1/ledger/rebuild?ledger=system`, {
    method: 'POST',
    headers: { authorization: `Bearer ${running.token}` },
  });
  expect(rebuilt.status).toBe(200);
  expect(statSync(path.join(home, 'api.password')).mode & 0o777).toBe(0o600);
  const logins = await sessionsOf(running.databaseUrl);
  expect(logins).toEqual(['stasis_api_stasis', 'stasis_bus']);

  for (const name of ['api', 'restorer-node-b']) process.kill(before[name]?.pid ?? 0, 'SIGKILL');
  const deadline = Date.now() + 30_000;
  let ready = false;
  while (!ready && Date.now() < deadline) {
    await sleep(100);
    ready = await fetch(`${running.url}/readyz`).then(
      ({ status }) => status === 200 && Object.values(running.restarts()).filter((count) => count > 0).length === 2,
      () => false,
    );
  }
  expect(ready).toBe(true);
  expect(running.restarts()).toMatchObject({ api: 1, 'restorer-node-b': 1, 'checkpointer-node-a': 0 });

  const after = Object.entries(marksIn(home)).filter(([name]) => name !== 'up');
  await running.stop();
  expect(after).toHaveLength(6);
  expect(after.filter(([, mark]) => isAlive(mark))).toEqual([]);
}, 120_000);

it('ends everything when the process that runs it is killed, and starts again in the same home', async () => {
  const home = makeHome();
  const script = `import { up } from ${JSON.stringify(path.join(import.meta.dirname, 'up.ts'))};
    const running = await up(${JSON.stringify(options(home))});
    console.log(running.url); setInterval(() => 0, 1000);`;
  const parent = spawn(nodeProgram(), ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  undo.push(() => parent.kill('SIGKILL'));
  const [url] = (await once(parent.stdout, 'data')) as [Buffer];
  const marks = Object.values(marksIn(home));
  expect(marks).toHaveLength(7);
  parent.kill('SIGKILL');
  for (const deadline = Date.now() + 30_000; Date.now() < deadline && marks.some(isAlive);) await sleep(50);
  expect(marks.filter(isAlive)).toEqual([]);
  expect(await down(home)).toBe(false);
  expect((await start(home)).url).toBe(url.toString().trim());
}, 120_000);
