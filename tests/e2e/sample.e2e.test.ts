import { readdirSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { processesOf } from '../../apps/cli/src/demo/home.ts';
import { makeTemp, startStasis, stasis, whyNoRunsc } from './stasis.ts';

let temp: ReturnType<typeof makeTemp>;
beforeEach(() => (temp = makeTemp('sample-e2e')));
afterEach(() => temp.remove());

const runtime = whyNoRunsc() === undefined ? 'runsc' : 'simulated';
const words = ['up', '--sample', '--bus', 'postgres', '--runtime', runtime, '--listen', '127.0.0.1:0'];
const homeIn = /sign in with the token in (\S+)\/admin\.token\n/;

test('up --sample fills three nodes with a fleet to look at, and Ctrl-C ends it all', async () => {
  const platform = startStasis(words, { TMPDIR: temp.dir });
  const [, home = ''] = await platform.until(homeIn);
  const env = { STASIS_HOME: home };
  const read = async (...verb: string[]): Promise<{ items: { id: string; status: string; phase: string }[] }> =>
    JSON.parse((await stasis([...verb, '-o', 'json'], env)).out);
  await expect
    .poll(async () => (await read('ps')).items.map(({ id, status }) => `${id} ${status}`), { timeout: 90_000 })
    .toEqual(
      expect.arrayContaining([
        ...['node-a/web-1 running', 'node-a/web-2 running', 'node-b/db-1 running', 'node-b/ci-17 stopped'],
        ...['node-c/train-1 running', 'node-c/ci-17 running'],
      ]),
    );
  const { items } = await read('checkpoints');
  expect(items.map(({ phase }) => phase)).toEqual(Array.from({ length: 6 }, () => 'Ready'));
  platform.child.kill('SIGINT');
  const { code, err } = await platform.ended;
  expect(code).toBe(0);
  expect(err).toContain('checkpoint of node-c/train-1, "end of epoch 3": stood still');
  expect(err).toMatch(/node-c\/ci-17 runs: it goes on where node-b\/ci-17 was/);
  expect(readdirSync(temp.dir)).toEqual([]);
  expect(processesOf(temp.dir)).toEqual([]);
}, 180_000);

test('up --sample that is told to end while it fills leaves nothing', async () => {
  const platform = startStasis(words, { TMPDIR: temp.dir });
  await platform.until(homeIn);
  platform.child.kill('SIGTERM');
  expect((await platform.ended).code).toBe(0);
  expect(readdirSync(temp.dir)).toEqual([]);
  expect(processesOf(temp.dir)).toEqual([]);
}, 120_000);
