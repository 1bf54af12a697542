import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { processesOf } from '../../apps/cli/src/demo/home.ts';
import { type Ended, makeTemp, type Running, startStasis, stasis, whyNoRunsc } from './stasis.ts';

// One platform with one node for the whole file, used as a person would; the tests build on each other.
const runtime = whyNoRunsc() === undefined ? 'runsc' : 'simulated';
const temp = makeTemp('cli-e2e');
const env = { STASIS_HOME: path.join(temp.dir, 'home') };
let platform: Running;

const run = (...words: string[]): Promise<Ended> => stasis(words, env);
/** The one JSON document that a command line which works prints. */
const read = async <T = Record<string, unknown>>(...words: string[]): Promise<T> => {
  const end = words.includes('--') ? words.indexOf('--') : words.length;
  const { code, out, err } = await run(...words.toSpliced(end, 0, '-o', 'json'));
  expect({ words, code, err }).toEqual({ words, code: 0, err: '' });
  return JSON.parse(out) as T;
};

/** A program that is there wherever the checkout is: a container sees an empty /tmp. */
const program = ['/bin/sh', '-c', 'n=0; while :; do n=$((n + 1)); echo count $n; sleep 0.1; done'];
const start = (name: string): Promise<object> => read('run', '--name', name, '--reason', 'e2e', '--', ...program);

beforeAll(async () => {
  const words = ['up', '--bus', 'postgres', '--runtime', runtime, '--node', 'node-a', '--listen', '127.0.0.1:0'];
  platform = startStasis(words, env);
  await platform.until(/Stasis runs at http:\/\/127\.0\.0\.1:\d+\n/);
}, 120_000);

afterAll(async () => {
  await run('down', '--containers');
  platform.child.kill('SIGTERM');
  await platform.ended;
  await temp.remove();
}, 60_000);

test('finds the platform of its home by itself', async () => {
  expect(await read('nodes')).toMatchObject({
    items: [{ id: 'node-a', agents: { checkpointer: { status: 'joined' }, restorer: { status: 'joined' } } }],
    position: expect.any(Number) as number,
  });
});

test('run returns once the container runs, and its output can be read', async () => {
  expect(await start('web')).toMatchObject({ id: 'node-a/web', status: 'running', generation: 1 });
  expect(await read('ps')).toMatchObject({ items: [{ id: 'node-a/web', status: 'running' }] });
  await expect.poll(() => run('logs', 'web').then(({ out }) => out), { timeout: 20_000 }).toContain('count');
  expect(await run('logs', 'web', '--tail', '1')).toMatchObject({ code: 0 });
});

test('run under a name that is taken exits 3', async () => {
  const { code, err } = await run('run', '--name', 'web', '--', '/bin/true');
  expect({ code, err }).toEqual({ code: 3, err: expect.stringContaining('error: NameTaken: ') as string });
});

test('checkpoint --leave-running --wait prints the one resource, and the container goes on', async () => {
  const made = await read('checkpoint', 'web', '--leave-running', '--wait', '--reason', 'before an upgrade');
  expect(made).toMatchObject({ phase: 'Ready', container: 'node-a/web', reasonText: 'before an upgrade' });
  expect(await read('show', 'web')).toMatchObject({ status: 'running' });
  expect(await read('checkpoints', 'web')).toMatchObject({ items: [{ id: made['id'] }] });
});

test('checkpoint --wait returns when the container has stopped, and restore brings it back under its name', async () => {
  const { id } = await read<{ id: string }>('checkpoint', 'web', '--wait');
  expect(await read('show', 'web')).toMatchObject({ status: expect.stringMatching(/stopped|gone/) as string });
  const again = await run('checkpoint', 'web', '--wait');
  expect(again).toMatchObject({ code: 3, err: expect.stringContaining('ContainerNotRunning') as string });
  const restored = await read<{ id: string }>('restore', id, '--name', 'web-again', '--wait', '--reason', 'e2e');
  expect(restored).toMatchObject({ phase: 'Running', container: 'node-a/web-again', checkpoint: id });
  expect(await read('show', restored.id)).toMatchObject({ id: restored.id, phase: 'Running' });
  expect(await read('show', 'node-a/web-again')).toMatchObject({ status: 'running', origin: { kind: 'restore' } });
  const taken = await run('restore', id, '--name', 'web-again', '--wait');
  expect(taken).toMatchObject({ code: 3, err: expect.stringContaining('NameTaken') as string });
  const late = await run('cancel', id);
  expect(late).toMatchObject({ code: 3, err: expect.stringContaining('TooLateToCancel') as string });
});

test('what is not there exits 4, what is not allowed 5, what is not done in time 6', async () => {
  expect(await run('show', 'ckp_01m87b5hygesqvrpv9ddx5rfpj')).toMatchObject({ code: 4 });
  expect(await run('checkpoint', 'nobody')).toMatchObject({ code: 4 });
  expect(await run('stop', 'nobody')).toMatchObject({ code: 4 });
  expect(await run('ps', '--token', 'wrong')).toMatchObject({ code: 5 });
  const wait = ['checkpoint', 'web-again', '--leave-running', '--wait', '--timeout', '1ms'];
  expect(await run(...wait)).toMatchObject({ code: 6 });
});

test('stop and rm end a container, and the ledger has why', async () => {
  expect(await read('stop', 'web-again', '--reason', 'enough')).toMatchObject({ status: 'stopped' });
  expect(await read('rm', 'web-again')).toMatchObject({ status: 'gone' });
  const log = await read<{ items: { type: string; reasonText?: string }[] }>(
    'audit',
    'log',
    '--container',
    'web-again',
  );
  expect(log.items.map(({ reasonText }) => reasonText)).toContain('enough');
  expect(log.items.at(-1)).toMatchObject({ type: 'dev.stasis.container.gone.v1' });
});

test('events --follow goes on from a position, and ends when interrupted', async () => {
  const follow = startStasis(['events', '--follow', '--after', '1', '-o', 'ndjson'], env);
  await follow.until(/"position":2,[^]*\n[^]*"position":3,/);
  const seen = await read<{ position: number }>('ps');
  await start('late');
  await follow.until(new RegExp(`"position":${seen.position + 1},`));
  follow.child.kill('SIGINT');
  const { code, out } = await follow.ended;
  expect(code).toBe(130);
  const positions = out
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { position: number }).position);
  expect(positions).toEqual(positions.map((_, at) => at + 2));
});

test('the ledger verifies, also after its read models were built anew', async () => {
  const before = await read('ps');
  expect(await read('ledger', 'rebuild')).toMatchObject({ ledger: 'default' });
  expect((await read('ps'))['items']).toEqual(before['items']);
  expect(await read('ledger', 'verify')).toMatchObject({ verified: true });
  expect(await read('audit', 'verify')).toMatchObject({ verified: true, treeHead: { origin: 'stasis/default' } });
});

test('down --containers ends the containers and every service', async () => {
  expect(await read('down', '--containers')).toEqual({ ran: true, stopped: ['node-a/late'] });
  expect((await platform.ended).code).toBe(0);
  expect(processesOf(env.STASIS_HOME)).toEqual([]);
  expect(existsSync(path.join(env.STASIS_HOME, 'server.json'))).toBe(false);
  expect(readFileSync(path.join(env.STASIS_HOME, 'admin.token'), 'utf8')).not.toBe('');
  expect(await read('down')).toEqual({ ran: false, stopped: [] });
});
