// What the page store is measured against, each driven as its manual says for this kind of data.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { sizeOf } from './storeSeries.ts';

export interface Cost {
  readonly seconds: number;
  readonly cpu: number;
  /** Bytes of memory at its highest. */
  readonly peak: number;
}

export interface Peer {
  readonly name: string;
  /** Keeps the n-th image (from 1) of a series. */
  put(image: string, n: number): Cost[];
  /** Writes the n-th image into the new directory `out`. */
  get(n: number, out: string): Cost[];
  /** What it takes on disk now. */
  bytes(): number;
}

export const total = (costs: readonly Cost[]): Cost => ({
  seconds: costs.reduce((sum, cost) => sum + cost.seconds, 0),
  cpu: costs.reduce((sum, cost) => sum + cost.cpu, 0),
  peak: Math.max(0, ...costs.map((cost) => cost.peak)),
});

function measured(cwd: string, env: Record<string, string>, ...command: string[]): Cost {
  const out = execFileSync('python3', [path.join(import.meta.dirname, 'measured.py'), ...command], {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return JSON.parse(out.toString()) as Cost;
}

export function borg(dir: string, chunker?: string): Peer {
  const env = { BORG_PASSPHRASE: 'bench', BORG_BASE_DIR: path.join(dir, 'home'), BORG_REPO: path.join(dir, 'repo') };
  mkdirSync(dir, { recursive: true });
  measured(dir, env, 'borg', 'init', '-e', 'repokey');
  const options = ['-C', 'zstd,1', '--files-cache=disabled', ...(chunker ? ['--chunker-params', chunker] : [])];
  return {
    name: chunker === undefined ? 'borg zstd,1' : `borg zstd,1 ${chunker}`,
    put: (image, n) => [measured(image, env, 'borg', 'create', ...options, `::${n}`, '.')],
    get: (n, out) => {
      mkdirSync(out);
      return [measured(out, env, 'borg', 'extract', `::${n}`)];
    },
    bytes: () => sizeOf(path.join(dir, 'repo')),
  };
}

export function restic(dir: string): Peer {
  const env = { RESTIC_PASSWORD: 'bench', RESTIC_REPOSITORY: path.join(dir, 'repo'), HOME: dir };
  mkdirSync(dir, { recursive: true });
  measured(dir, env, 'restic', 'init', '--repository-version', '2');
  return {
    name: 'restic',
    put: (image, n) => [measured(image, env, 'restic', 'backup', '--tag', `n${n}`, '.')],
    get: (n, out) => [measured(dir, env, 'restic', 'restore', 'latest', '--tag', `n${n}`, '--target', out)],
    bytes: () => sizeOf(path.join(dir, 'repo')),
  };
}

export function zstdEach(dir: string): Peer {
  mkdirSync(dir, { recursive: true });
  return {
    name: 'zstd -1 each',
    put: (image, n) => {
      mkdirSync(path.join(dir, String(n)));
      return readdirSync(image).map((file) =>
        measured(image, {}, 'zstd', '-1', '-q', file, '-o', path.join(dir, String(n), `${file}.zst`)),
      );
    },
    get: (n, out) => {
      mkdirSync(out);
      return readdirSync(path.join(dir, String(n))).map((file) =>
        measured(out, {}, 'zstd', '-d', '-q', path.join(dir, String(n), file), '-o', file.replace(/\.zst$/, '')),
      );
    },
    bytes: () => sizeOf(dir),
  };
}

/** Each image against the one before; the last is had by undoing the whole chain. */
export function zstdPatch(dir: string): Peer {
  mkdirSync(dir, { recursive: true });
  let before: string | undefined;
  return {
    name: 'zstd -1 --patch-from',
    put: (image, n) => {
      mkdirSync(path.join(dir, String(n)));
      const from = before;
      before = image;
      return readdirSync(image).map((file) =>
        measured(
          image,
          {},
          ...[
            'zstd',
            '-1',
            '-q',
            '--long=31',
            ...(from === undefined ? [] : [`--patch-from=${path.join(from, file)}`]),
          ],
          ...[file, '-o', path.join(dir, String(n), `${file}.zst`)],
        ),
      );
    },
    get: (n, out) => {
      const costs: Cost[] = [];
      for (let at = 1; at <= n; at++) {
        const target = at === n ? out : `${out}-${at}`;
        mkdirSync(target);
        for (const file of readdirSync(path.join(dir, String(at)))) {
          const name = file.replace(/\.zst$/, '');
          const from = at === 1 ? [] : [`--patch-from=${path.join(`${out}-${at - 1}`, name)}`];
          const packed = path.join(dir, String(at), file);
          costs.push(measured(target, {}, 'zstd', '-d', '-q', '--long=31', ...from, packed, '-o', name));
        }
      }
      return costs;
    },
    bytes: () => sizeOf(dir),
  };
}

/** A directory with next to nothing in it: what a peer takes for its own start and end. */
export function emptyImage(dir: string): string {
  mkdirSync(dir, { recursive: true });
  writeFileSync(path.join(dir, 'nothing'), 'x');
  return dir;
}
