// `npm run bench -- store [--quick] [SERIES…]`: what each checkpoint after the first costs in the page store, and in backup tools on
// the same series in the same run. The series are made by runsc here; every image is read back and compared.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { removeHome } from '../../apps/cli/src/demo/home.ts';
import { machine, median } from './figures.ts';
import { borg, type Cost, emptyImage, type Peer, restic, total, zstdEach, zstdPatch } from './storePeers.ts';
import { lacking, makeSeries, type Series, sizeOf, workloads } from './storeSeries.ts';

/** With --quick, for a first look: three, and only the two peers that the first bars are about. */
let checkpoints = 6;
let quick = false;

interface Row {
  readonly name: string;
  /** Medians over the checkpoints after the first. */
  readonly added: number;
  readonly put: Cost;
  readonly get: Cost;
  /** A put and a get of next to nothing. */
  readonly startUp: { readonly put: number; readonly get: number };
}

export async function run(args: readonly string[]): Promise<void> {
  quick = args.includes('--quick');
  if (quick) checkpoints = 3;
  const names = args.filter((arg) => !arg.startsWith('--'));
  console.log(
    `${machine()}\n${checkpoints} checkpoints a series; medians of those after the first; encryption on but for zstd`,
  );
  for (const name of names.length > 0 ? names : Object.keys(workloads)) {
    const lacks = name in workloads ? lacking(name) : 'a workload of that name';
    if (lacks !== undefined) {
      console.log(`\n${name}: not run, there is no ${lacks} here`);
      continue;
    }
    const series = mkdtempSync('/dev/shm/stasis-bench-');
    const work = mkdtempSync(path.join(tmpdir(), 'stasis-bench-'));
    try {
      measureSeries(await makeSeries(name, series, checkpoints), work);
    } finally {
      await removeHome(series);
      rmSync(work, { recursive: true, force: true });
    }
  }
}

function measureSeries(series: Series, work: string): void {
  const last = series.images.at(-1)!;
  console.log(`\n${series.name}: ${mega(sizeOf(last))} MB an image`);
  const ours = measureOurs(series, work);
  const peers: readonly ((dir: string) => Peer)[] = quick
    ? [(dir) => borg(dir, 'fixed,4096'), zstdEach]
    : [(dir) => borg(dir, 'fixed,4096'), (dir) => borg(dir), restic, zstdEach, zstdPatch];
  const rows = [ours, ...peers.map((make, at) => measurePeer(make(path.join(work, `peer-${at}`)), series, work))];
  console.log(
    `${'added MB'.padStart(34)}${'put s'.padStart(8)}${'cpu s'.padStart(8)}${'peak MB'.padStart(9)}${'get s'.padStart(8)}${'start-up s'.padStart(16)}`,
  );
  for (const { name, added, put, get, startUp } of rows)
    console.log(
      `${name.padEnd(24)}${mega(added).padStart(10)}${put.seconds.toFixed(2).padStart(8)}${put.cpu.toFixed(2).padStart(8)}` +
        `${mega(put.peak, 0).padStart(9)}${get.seconds.toFixed(2).padStart(8)}${`${startUp.put.toFixed(2)} ${startUp.get.toFixed(2)}`.padStart(16)}`,
    );
  const flate = median(series.flateBytes.slice(1));
  console.log(`${'runsc flate'.padEnd(24)}${mega(flate).padStart(10)}`);
  printBars(ours, rows, flate, last);
}

function printBars(ours: Row, rows: readonly Row[], flate: number, last: string): void {
  const row = (name: string): Row | undefined => rows.find((one) => one.name === name);
  const fixed = row('borg zstd,1 fixed,4096')!;
  const zstd = row('zstd -1 each')!;
  const resticRow = row('restic');
  const net = (one: Row, what: 'put' | 'get') => one[what].seconds - one.startUp[what];
  const say = (what: string, seen: number, bar: string) =>
    console.log(`  ${what.padEnd(52)}${seen.toFixed(2).padStart(7)}x  (bar: ${bar})`);
  say('added, against borg fixed,4096', ours.added / fixed.added, 'at most 0.75x');
  say('added, against runsc flate', ours.added / flate, 'at most 0.2x redis, 0.25x interpreters');
  say('put, borg fixed,4096 net over ours', net(fixed, 'put') / ours.put.seconds, 'at least 3x at 256 MB, 2x at 45 MB');
  if (resticRow) say('put, restic net over ours', net(resticRow, 'put') / ours.put.seconds, 'at least 5x at 256 MB');
  say('get, borg fixed,4096 net over ours', net(fixed, 'get') / ours.get.seconds, 'at least 2x');
  say('get, ours over zstd -d', ours.get.seconds / zstd.get.seconds, 'at most 2.5x');
  console.log(
    `  ingest with a parent: ${(sizeOf(last) / 1e9 / ours.put.seconds).toFixed(2)} GB/s (bar: at least 0.9 GB/s from fingerprints)`,
  );
}

function measureOurs(series: Series, work: string): Row {
  const out = path.join(work, 'ours-out');
  const args = [path.join(work, 'store'), path.join(work, 'key'), out, ...series.images];
  const said = execFileSync(process.execPath, [path.join(import.meta.dirname, 'storePut.ts'), ...args]).toString();
  const { puts, gets } = JSON.parse(said) as { puts: (Cost & { added: number })[]; gets: Cost[] };
  mustEqual(series.images.at(-1)!, out);
  return {
    name: 'stasis',
    added: median(puts.slice(1).map(({ added }) => added)),
    put: medianCost(puts.slice(1)),
    get: medianCost(gets),
    startUp: { put: 0, get: 0 },
  };
}

function measurePeer(peer: Peer, series: Series, work: string): Row {
  const out = path.join(work, `out-${peer.name.replaceAll(/\W/g, '-')}`);
  const added: number[] = [];
  const puts: Cost[] = [];
  let before = peer.bytes();
  for (const [at, image] of series.images.entries()) {
    puts.push(total(peer.put(image, at + 1)));
    added.push(peer.bytes() - before);
    before = peer.bytes();
  }
  const get = total(peer.get(checkpoints, out));
  mustEqual(series.images.at(-1)!, out);
  const nothing = emptyImage(path.join(work, 'empty'));
  const startsUp = peer.name.startsWith('borg') || peer.name === 'restic';
  const startUp = startsUp
    ? { put: total(peer.put(nothing, 99)).seconds, get: total(peer.get(99, `${out}-99`)).seconds }
    : { put: 0, get: 0 };
  return { name: peer.name, added: median(added.slice(1)), put: medianCost(puts.slice(1)), get, startUp };
}

const medianCost = (costs: readonly Cost[]): Cost => ({
  seconds: median(costs.map(({ seconds }) => seconds)),
  cpu: median(costs.map(({ cpu }) => cpu)),
  peak: Math.max(...costs.map(({ peak }) => peak)),
});

const mega = (bytes: number, digits = 2): string => (bytes / 1e6).toFixed(digits);

function mustEqual(image: string, out: string): void {
  for (const name of readdirSync(image))
    if (!readFileSync(path.join(out, name)).equals(readFileSync(path.join(image, name))))
      throw new Error(`${name} came back changed in ${out}`);
}
