// Series of successive checkpoints of real programs under runsc, for `npm run bench -- store`.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createRunsc, locateRunsc } from '@stasis/runtime/runsc';
import { writeBundle } from './bundle.ts';

export interface Series {
  readonly name: string;
  /** One a checkpoint, oldest first. */
  readonly images: readonly string[];
  /** What the runtime's own compression takes for each. */
  readonly flateBytes: readonly number[];
}

const workload = (name: string): string => path.join(import.meta.dirname, 'workloads', name);

export const workloads: Readonly<Record<string, readonly string[]>> = {
  hold256: [process.execPath, workload('hold.mjs'), '256'],
  node: [process.execPath, workload('heap.mjs')],
  python: ['/usr/bin/python3', workload('heap.py')],
  redis: ['/usr/bin/python3', workload('redis.py')],
};

/** What a workload needs and this machine lacks, or undefined. */
export function lacking(name: string): string | undefined {
  if ((name === 'python' || name === 'redis') && !existsSync('/usr/bin/python3')) return 'python3 of the system';
  return name === 'redis' && !existsSync('/usr/bin/redis-server') ? 'redis-server' : undefined;
}

/** Runs the program, lets it change its memory `count` times and checkpoints it after each, uncompressed, in memory. */
export async function makeSeries(name: string, dir: string, count: number): Promise<Series> {
  const home = path.join(dir, 'home');
  const root = path.join(home, 'root');
  const log = path.join(home, 'log');
  mkdirSync(root, { recursive: true });
  const id = `bench-store-${name}`;
  const runtime = await createRunsc({ binary: locateRunsc(), root });
  const call = (verb: string, ...words: string[]): void => {
    const [command, args] = runtime.command(verb, ...words);
    execFileSync(command, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  };
  const images: string[] = [];
  const flateBytes: number[] = [];
  try {
    await runtime.start({ id, bundle: writeBundle(path.join(home, 'bundle'), id, workloads[name]!), logFile: log });
    await said(log, 'ready');
    await sleep(500);
    for (let round = 1; round <= count; round++) {
      call('kill', id, 'USR1');
      await said(log, `round ${round}\n`);
      const image = path.join(dir, String(round));
      const flate = path.join(dir, 'flate');
      for (const [compression, target] of Object.entries({ none: image, 'flate-best-speed': flate })) {
        mkdirSync(target);
        call('checkpoint', `--compression=${compression}`, '--leave-running', `--image-path=${target}`, id);
      }
      images.push(image);
      flateBytes.push(sizeOf(flate));
      rmSync(flate, { recursive: true });
    }
    return { name, images, flateBytes };
  } finally {
    await runtime.delete(id);
  }
}

/** Bytes of the files in a directory, however deep. */
export const sizeOf = (dir: string): number =>
  readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(path.join(entry.parentPath, entry.name)).size, 0);

async function said(log: string, words: string): Promise<void> {
  const end = Date.now() + 120_000;
  while (!(existsSync(log) && readFileSync(log, 'utf8').includes(words))) {
    if (Date.now() > end) throw new Error(`the program did not say ${JSON.stringify(words)} in two minutes`);
    await sleep(20);
  }
}
