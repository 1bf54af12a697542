import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, it } from 'vitest';
import { nodeProgram } from './places.ts';
import { isAlive, liveMarkIn, markOf, writeMark, type ProcessMark } from './processMark.ts';
import { supervise, type ProcessSpec } from './supervise.ts';

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).toReversed()) await step();
});

const makeHome = (): string => {
  const home = mkdtempSync(path.join(tmpdir(), 'stasis-supervise-'));
  undo.push(() => rmSync(home, { recursive: true, force: true }));
  return home;
};

const until = async <T>(what: () => T | undefined | false, ms = 10_000): Promise<T> => {
  for (const deadline = Date.now() + ms; Date.now() < deadline; await sleep(20)) {
    const found = what();
    if (found !== undefined && found !== false) return found;
  }
  throw new Error(`not within ${ms} ms: ${what.toString()}`);
};

/** A process that says its number in a file and lives until it is told to end. */
const lasting = (home: string, name: string, onTerm = 'process.exit(0)'): ProcessSpec => {
  const script = path.join(home, `${name}.mjs`);
  writeFileSync(
    script,
    `console.log('here', process.env.WORD); process.on('SIGTERM', () => { ${onTerm} }); setInterval(() => 0, 1000);`,
  );
  return { name, args: [script], env: { WORD: name } };
};

const markIn = (home: string, name: string): Promise<ProcessMark> =>
  until(() => liveMarkIn(path.join(home, 'run', `${name}.json`)));

const logOf = (home: string, name: string): string => readFileSync(path.join(home, 'logs', `${name}.log`), 'utf8');

it('starts each process with its settings, its log and its mark, and ends all on stop', async () => {
  const home = makeHome();
  const kept = await supervise([lasting(home, 'one'), lasting(home, 'two')], { home });
  undo.push(() => kept.stop());
  const marks = [await markIn(home, 'one'), await markIn(home, 'two')];
  await until(() => logOf(home, 'one') === 'here one\n' && logOf(home, 'two') === 'here two\n');
  expect(kept.logTail('two')).toBe('here two');
  await kept.stop();
  expect(marks.map(isAlive)).toEqual([false, false]);
  expect(existsSync(path.join(home, 'run/one.json'))).toBe(false);
});

it('starts a process again that was killed, and only that one', async () => {
  const home = makeHome();
  const said: string[] = [];
  const kept = await supervise([lasting(home, 'one'), lasting(home, 'two')], { home, say: (line) => said.push(line) });
  undo.push(() => kept.stop());
  const first = await markIn(home, 'one');
  const other = await markIn(home, 'two');
  process.kill(first.pid, 'SIGKILL');
  await until(() => kept.restarts()['one'] === 1);
  expect((await markIn(home, 'one')).pid).not.toBe(first.pid);
  expect(isAlive(other)).toBe(true);
  expect(kept.restarts()).toEqual({ one: 1, two: 0 });
  expect(said.join()).toContain('one ended (SIGKILL); starts again in 200 ms');
});

it('waits longer each time for a process that cannot start', async () => {
  const home = makeHome();
  const said: string[] = [];
  const kept = await supervise([{ name: 'bad', args: ['-e', 'process.exit(3)'], env: {} }], {
    home,
    say: (line) => said.push(line),
  });
  undo.push(() => kept.stop());
  await until(() => said.length >= 3);
  expect(said.slice(0, 3).map((line) => /\((.*)\).* in (\d+) ms/.exec(line)?.slice(1))).toEqual([
    ['exit 3', '200'],
    ['exit 3', '400'],
    ['exit 3', '800'],
  ]);
});

it('kills a process that does not end when it is told to', async () => {
  const home = makeHome();
  const kept = await supervise([lasting(home, 'deaf', '0')], { home, patienceMs: 300 });
  undo.push(() => kept.stop());
  const mark = await markIn(home, 'deaf');
  await until(() => logOf(home, 'deaf') !== '');
  await kept.stop();
  expect(isAlive(mark)).toBe(false);
});

it('ends what an earlier supervisor left running under the same name', async () => {
  const home = makeHome();
  const left = spawn(nodeProgram(), ['-e', 'setInterval(() => 0, 1000)'], { stdio: 'ignore' });
  undo.push(() => left.kill('SIGKILL'));
  const mark = markOf(left.pid ?? 0);
  if (mark === undefined) throw new Error('the process that was to be left did not start');
  writeMark(path.join(home, 'run/one.json'), mark);
  const kept = await supervise([lasting(home, 'one')], { home });
  undo.push(() => kept.stop());
  expect(isAlive(mark)).toBe(false);
});

it('leaves no process behind when the supervising process is killed', async () => {
  const home = makeHome();
  const script = path.join(home, 'supervisor.mjs');
  const spec = lasting(home, 'one');
  writeFileSync(
    script,
    `import { supervise } from ${JSON.stringify(path.join(import.meta.dirname, 'supervise.ts'))};
     await supervise([${JSON.stringify(spec)}], { home: ${JSON.stringify(home)} });`,
  );
  const supervisor = spawn(nodeProgram(), [script], { stdio: 'ignore' });
  undo.push(() => supervisor.kill('SIGKILL'));
  const mark = await markIn(home, 'one');
  await until(() => logOf(home, 'one') !== '');
  supervisor.kill('SIGKILL');
  await once(supervisor, 'exit');
  await until(() => !isAlive(mark));
  expect(isAlive(mark)).toBe(false);
});
