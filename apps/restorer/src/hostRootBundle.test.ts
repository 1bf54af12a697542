import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { writeHostRootBundle } from './hostRootBundle.ts';

// Below /tmp on purpose: that is what the container's own /tmp hides.
let place: string;
beforeEach(() => (place = mkdtempSync('/tmp/stasis-bundle-')));
afterEach(() => rmSync(place, { recursive: true, force: true }));

const program = (file: string): string => {
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, '#!/bin/sh\n');
  chmodSync(file, 0o755);
  return file;
};
const mountsOf = (command: string[], home = '/var/lib/stasis') =>
  writeHostRootBundle(path.join(place, 'bundle'), { name: 'n', command, env: [], cwd: '/', home }).mounts ?? [];
const shownBy = (command: string[], home?: string) =>
  mountsOf(command, home)
    .filter((mount) => mount.type === 'bind')
    .map((mount) => [mount.destination, mount.options]);

test('a program below /tmp is shown read-only, with its directory', () => {
  const file = program(path.join(place, 'bin/tool'));
  expect(shownBy([file])).toEqual([[path.dirname(file), ['rbind', 'ro']]]);
});

test('a script that an argument names is shown too, and what is not there is not', () => {
  const script = program(path.join(place, 'app/main.mjs'));
  expect(shownBy(['/bin/sh', script, '/tmp/not-there', 'tmp'])).toEqual([[path.dirname(script), ['rbind', 'ro']]]);
});

test('a link is shown with what it leads to', () => {
  const real = program(path.join(place, 'lib/tool'));
  const link = path.join(place, 'bin/tool');
  mkdirSync(path.dirname(link));
  symlinkSync('../lib/tool', link);
  expect(shownBy([link]).map(([destination]) => destination)).toEqual([path.dirname(link), path.dirname(real)]);
});

test('nothing of the home is shown, and what lies around it only as the file itself', () => {
  const home = path.join(place, 'home');
  const secret = program(path.join(home, 'admin.token'));
  const beside = program(path.join(place, 'main.mjs'));
  expect(shownBy(['/bin/sh', secret, beside], home)).toEqual([[beside, ['rbind', 'ro']]]);
});

test('a home outside /tmp is covered by an empty directory', () => {
  expect(mountsOf(['/bin/sh'])).toContainEqual(
    expect.objectContaining({ destination: '/var/lib/stasis', type: 'tmpfs' }),
  );
});

test('a program that is not there is named', () => {
  expect(() => mountsOf(['no-such-program'])).toThrow(/no program "no-such-program"/);
});
