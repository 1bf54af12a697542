import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isRequired, newestRunsc } from '../testKit/index.ts';
import { waitUntil } from '../process/waitUntil.ts';
import { processFacts } from '../process/procfs.ts';

const story = resolve(import.meta.dirname, '../testKit/rootlessStory.ts');
const nobody = 65_534;
const found = newestRunsc();
/** As root, the program is run as the user nobody; any other user runs it as it is. */
const asUser = process.getuid?.() === 0 ? ['setpriv', `--reuid=${nobody}`, `--regid=${nobody}`, '--clear-groups'] : [];
const runAs = (argv: readonly string[]) => {
  const [file = '', ...rest] = [...asUser, ...argv];
  return spawnSync(file, rest, { encoding: 'utf8', timeout: 60_000, cwd: '/' });
};
/** User namespaces can be forbidden, and a checkout in root's home is closed to others. */
const canTry =
  found !== undefined &&
  runAs(['unshare', '--user', '--map-root-user', '--mount', 'true']).status === 0 &&
  runAs([process.execPath, '-e', `require('node:fs').readFileSync(${JSON.stringify(story)})`]).status === 0;

describe.skipIf(!canTry && !isRequired)('without root', { timeout: 60_000 }, () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'stasis-rootless-'));
    chmodSync(directory, 0o700);
    if (asUser.length > 0) chownSync(directory, nobody, nobody);
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  it('checkpoints, pauses, kills and restores in the namespaces of one keeper, which outlives the caller', async () => {
    const { stdout, stderr } = runAs([process.execPath, story, directory, found?.binary ?? 'runsc']);
    expect(stderr).toBe('');
    const { keeper, ...seen } = JSON.parse(stdout) as { keeper: number };
    expect(processFacts(keeper)?.state).toMatch(/[SR]/u);
    process.kill(keeper, 'SIGKILL');
    expect(await waitUntil(() => 'Z'.includes(processFacts(keeper)?.state ?? 'Z'), 5_000)).toBe(true);
    expect(seen).toEqual({
      user: asUser.length > 0 ? nobody : process.getuid?.(),
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
