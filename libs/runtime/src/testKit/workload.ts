import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Counts in its own memory and prints, ten lines a second. */
const counterScript = 'i=0; while :; do i=$((i+1)); echo "{\\"count\\":$i}"; sleep 0.1; done';
export const counter: readonly string[] = ['sh', '-c', counterScript];

/** The same, holding that many MiB of random bytes, so that a capture takes long enough to be disturbed. */
export const heavyCounter = (mebibytes: number): readonly string[] => [
  process.execPath,
  '-e',
  `const held = require('node:crypto').randomBytes(${mebibytes} << 20); let count = 0;
   setInterval(() => console.log(JSON.stringify({ count: ++count, held: held.length })), 50);`,
];

/** A container over the host's own root, read-only: any installed program runs, and nothing needs to be made. */
export const testSpec = (args: readonly string[] = counter) => ({
  ociVersion: '1.0.2',
  process: { user: { uid: 0, gid: 0 }, args, env: ['PATH=/usr/local/bin:/usr/bin:/bin'], cwd: '/' },
  root: { path: '/', readonly: true },
  hostname: 'stasis-test',
  mounts: [
    { destination: '/proc', type: 'proc', source: 'proc' },
    { destination: '/tmp', type: 'tmpfs', source: 'tmpfs' },
    // The Node of a checkout below /tmp would be hidden by the line above.
    ...args
      .filter((arg) => arg.startsWith('/tmp/'))
      .map((file) => ({ destination: file, type: 'bind', source: file, options: ['bind', 'ro'] })),
  ],
  linux: { namespaces: ['pid', 'mount', 'ipc', 'uts', 'network'].map((type) => ({ type })) },
});

/** The last count in a log, 0 when there is none yet. */
export function lastCount(logFile: string): number {
  const counts = [...readFileSync(logFile, 'utf8').matchAll(/"count":(\d+)/gu)].map((match) => Number(match[1]));
  return counts.at(-1) ?? 0;
}

/** runsc keeps one bind mount per root (`null-netns`, builds of 2026), which keeps the directory from being removed. */
export function unmountBeneath(directory: string): void {
  const points = readFileSync('/proc/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[1] ?? '')
    .filter((point) => point.startsWith(`${directory}/`));
  for (const point of points.toReversed()) execFileSync('umount', [point]);
}
