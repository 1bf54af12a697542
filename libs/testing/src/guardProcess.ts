/**
 * The watchdog of one server that a test started: `node guardProcess.ts '<GuardedCommand as JSON>'`. It starts the
 * server, says its pid on stdout, and waits for its own stdin to end, which the kernel sees to however the test process
 * dies. Then it ends the server and removes the directory.
 */
import { spawn, spawnSync } from 'node:child_process';
import { openSync, rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { GuardedCommand } from './guard.ts';

const guarded = JSON.parse(process.argv[2] ?? '') as GuardedCommand;
const log = openSync(guarded.logFile, 'a');
const options = {
  cwd: guarded.directory,
  stdio: ['ignore', log, log] as ['ignore', number, number],
  env: { ...process.env, ...guarded.env },
};
// Blocks on purpose: the end of stdin is seen right after, and the server started just before is ended at once.
const prefixed = ({ command, args }: { command: string; args: readonly string[] }): [string, string[]] => {
  const [first = command, ...rest] = [...(guarded.prefix ?? []), command, ...args];
  return [first, rest];
};
const { prepare } = guarded;
const prepared = prepare === undefined || spawnSync(...prefixed(prepare), options).status === 0;
const child = prepared ? spawn(...prefixed(guarded), options) : undefined;
let running = child !== undefined;
const exited = new Promise<void>((resolve) => {
  const end = (): void => {
    running = false;
    resolve();
  };
  child?.once('exit', end);
  child?.once('error', end);
});
process.stdout.write(`${child?.pid ?? 0}\n`);
// The pipe's other end may be gone by the time something is written: that is no reason to leave the server behind.
process.stdout.on('error', () => {});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});

const removeDirectory = async (): Promise<void> => {
  for (let attempt = 0; attempt < 20; attempt += 1) {
    try {
      rmSync(guarded.directory, { recursive: true, force: true });
      return;
    } catch {
      // A dying server may still be writing.
      await sleep(100);
    }
  }
};

const finish = async (): Promise<void> => {
  if (running) {
    child?.kill(guarded.endSignal);
    await Promise.race([exited, sleep(5000)]);
  }
  if (running) {
    child?.kill('SIGKILL');
    await exited;
  }
  await removeDirectory();
  process.exit(0);
};
process.stdin.on('error', () => void finish());
process.stdin.on('end', () => void finish());
process.stdin.resume();
