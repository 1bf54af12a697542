// `npm run bench -- oneshot`: the one-shot checkpoint of a 256 MB container against bare `runsc checkpoint` on the same
// container, in one run, in turn. Frozen time = longest gap of a 1 ms ticker inside the container.
import { spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createRunsc, locateRunsc } from '@stasis/runtime/runsc';
import { removeHome } from '../../apps/cli/src/demo/home.ts';
import { writeBundle } from './bundle.ts';
import { machine, median } from './figures.ts';

const megabytes = 256;
const rounds = 7;
const checkout = path.resolve(import.meta.dirname, '../..');
const id = 'bench-oneshot';
const ticker = [process.execPath, path.join(import.meta.dirname, 'ticker.mjs'), String(megabytes)];

interface Sample {
  readonly wallMs: number;
  readonly gapMs: number;
}

export async function run(): Promise<void> {
  const images = mkdtempSync('/dev/shm/stasis-bench-');
  const home = mkdtempSync(path.join(tmpdir(), 'stasis-bench-'));
  const root = path.join(home, 'root');
  const log = path.join(home, 'log');
  mkdirSync(root);
  const binary = locateRunsc();
  const runtime = await createRunsc({ binary, root });
  try {
    await runtime.start({ id, bundle: writeBundle(path.join(home, 'bundle'), id, ticker), logFile: log });
    await until(() => readFileSync(log, 'utf8').includes('ready\n'), 60_000);
    await sleep(1000);
    const { version, platform } = await runtime.info();
    const samples: Record<'bare' | 'stasis', Sample[]> = { bare: [], stasis: [] };
    for (let round = 0; round <= rounds; round++)
      for (const who of ['bare', 'stasis'] as const) {
        const image = path.join(images, `${who}-${round}`);
        const [command, args] =
          who === 'bare'
            ? runtime.command('checkpoint', '--compression=none', '--leave-running', `--image-path=${image}`, id)
            : oneShot(
                '--root',
                root,
                '--runsc',
                binary,
                'checkpoint',
                '--compression',
                'none',
                '--leave-running',
                '--image-path',
                image,
                id,
              );
        if (who === 'bare') mkdirSync(image);
        const sample = await measure(command, args, log);
        if (round > 0) samples[who].push(sample); // the first of each warms up
        rmSync(image, { recursive: true });
      }
    print(version, platform, samples);
  } finally {
    await runtime.delete(id);
    rmSync(images, { recursive: true, force: true });
    await removeHome(home);
  }
}

const oneShot = (...args: readonly string[]): [string, string[]] => [
  process.execPath,
  [path.join(checkout, 'apps/checkpointer/bin/checkpointer.mjs'), ...args],
];

async function measure(command: string, args: readonly string[], log: string): Promise<Sample> {
  const before = readFileSync(log, 'utf8').length;
  const started = performance.now();
  const errors = path.join(path.dirname(log), 'stderr');
  const fd = openSync(errors, 'w', 0o600);
  const code = await new Promise<number | null>((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'ignore', fd] });
    child.once('error', reject);
    child.once('exit', resolve);
  });
  closeSync(fd);
  const wallMs = performance.now() - started;
  if (code !== 0) throw new Error(`${path.basename(command)} ended with ${code}: ${readFileSync(errors, 'utf8')}`);
  await sleep(500);
  const gaps = readFileSync(log, 'utf8')
    .slice(before)
    .matchAll(/gap (\d+)/g);
  return { wallMs, gapMs: Math.max(0, ...[...gaps].map((gap) => Number(gap[1]))) };
}

async function until(condition: () => boolean, ms: number): Promise<void> {
  const end = Date.now() + ms;
  while (!condition()) {
    if (Date.now() > end) throw new Error(`the container did not get ready in ${ms} ms`);
    await sleep(50);
  }
}

function print(version: string, platform: string, samples: Record<'bare' | 'stasis', readonly Sample[]>): void {
  const of = (who: 'bare' | 'stasis', key: keyof Sample) => median(samples[who].map((sample) => sample[key]));
  const line = (what: string, bare: number, stasis: number, verdict: string) =>
    console.log(`${what.padEnd(26)}${bare.toFixed(0).padStart(9)}${stasis.toFixed(0).padStart(11)}  ${verdict}`);
  console.log(
    `${machine()}\nrunsc ${version}, ${platform}; ${megabytes} MB random, tmpfs, leave-running, medians of ${rounds}`,
  );
  console.log(`${''.padEnd(26)}${'bare'.padStart(9)}${'stasis'.padStart(11)}`);
  const [bareGap, gap] = [of('bare', 'gapMs'), of('stasis', 'gapMs')];
  line('frozen, ms', bareGap, gap, `ratio ${(gap / bareGap).toFixed(2)} (bar: at most 1.10)`);
  const [bareWall, wall] = [of('bare', 'wallMs'), of('stasis', 'wallMs')];
  line('whole command, ms', bareWall, wall, `+${((wall - bareWall) / 1000).toFixed(2)} s (bar: at most +0.35 s)`);
  const missing = Object.values(samples)
    .flat()
    .filter((sample) => sample.gapMs === 0).length;
  if (missing > 0 || !existsSync('/dev/shm')) console.log(`${missing} samples showed no gap: the ticker was not seen`);
}
