import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isRequired, newestRunsc } from '../testKit/index.ts';
import { waitUntil } from '../process/waitUntil.ts';
import { processFacts } from '../process/procfs.ts';

const checkout = resolve(import.meta.dirname, '../../../..');
const nobody = 65_534;
const found = newestRunsc();
const isRoot = process.getuid?.() === 0;
/** As root, the program is run as the user nobody, who sees the checkout in `place`, since it may lie where only root enters. */
const inPlace = 'mount --bind "$1" "$2" && shift 2 && exec setpriv --reuid=65534 --regid=65534 --clear-groups "$@"';
const runAs = (place: string, argv: readonly string[]) => {
  const seen = argv.map((word) =>
    isRoot && word.startsWith(`${checkout}/`) ? place + word.slice(checkout.length) : word,
  );
  const before = isRoot ? ['unshare', '--mount', 'sh', '-c', inPlace, 'sh', checkout, place] : [];
  const [file = '', ...rest] = [...before, ...seen];
  return spawnSync(file, rest, { encoding: 'utf8', timeout: 60_000, cwd: '/' });
};
/** User namespaces can be forbidden. */
const canTry =
  found !== undefined && runAs('/mnt', ['unshare', '--user', '--map-root-user', '--mount', 'true']).status === 0;

describe.skipIf(!canTry && !isRequired)('without root', { timeout: 60_000 }, () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'stasis-rootless-'));
    chmodSync(directory, 0o700);
    mkdirSync(join(directory, 'checkout'));
    if (isRoot) chownSync(directory, nobody, nobody);
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  it('checkpoints, pauses, kills and restores in the namespaces of one keeper, which outlives the caller', async () => {
    const story = join(checkout, 'libs/runtime/src/testKit/rootlessStory.ts');
    // A copy: the one that was found may be a link into a directory that only root enters.
    const runsc = join(directory, 'runsc');
    copyFileSync(found?.binary ?? '', runsc);
    const argv = [process.execPath, story, directory, runsc];
    const { stdout, stderr } = runAs(join(directory, 'checkout'), argv);
    expect(stderr).toBe('');
    const { keeper, ...seen } = JSON.parse(stdout) as { keeper: number };
    expect(processFacts(keeper)?.state).toMatch(/[SR]/u);
    process.kill(keeper, 'SIGKILL');
    expect(await waitUntil(() => 'Z'.includes(processFacts(keeper)?.state ?? 'Z'), 5_000)).toBe(true);
    expect(seen).toEqual({
      user: isRoot ? nobody : process.getuid?.(),
      sameKeeper: true,
      started: 'running',
      pidIsOfThisSide: true,
      counts: true,
      afterResume: 'running',
      afterPause: 'paused',
      settled: { containerStatus: 'paused' },
      afterKill: 'stopped',
      goesOn: true,
      left: 0,
    });
  });
});
