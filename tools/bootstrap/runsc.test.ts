import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'stasis-set-up-'));
  mkdirSync(path.join(directory, 'path'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** A program of that name on PATH, in JavaScript. */
const program = (name: string, script: string): string => {
  const file = path.join(directory, 'path', name);
  writeFileSync(file, `#!${process.execPath}\n${script}\n`);
  chmodSync(file, 0o755);
  return file;
};

const runsc = (version: string): string => program('runsc', `console.log('runsc version ${version}')`);

/** A go that "builds" by writing a runsc that says what it was stamped with. */
const go = (version: string): string =>
  program(
    'go',
    `const fs = require('node:fs');
     if (process.argv[2] === 'version') console.log('go version go${version} linux/amd64');
     else {
       const stamp = /version=(\\S+)/.exec(process.argv.join(' '))[1];
       const file = process.env.GOBIN + '/runsc';
       fs.writeFileSync(file, '#!${process.execPath}\\nconsole.log("runsc version ' + stamp + '")', { mode: 0o755 });
     }`,
  );

interface SetUp {
  readonly there: unknown;
  readonly said: string;
}

const fetchRunsc = (env: Record<string, string> = {}): SetUp => {
  const module = JSON.stringify(path.join(import.meta.dirname, 'runsc.mjs'));
  const script = `import(${module}).then((m) => m.fetchRunsc()).then((there) => console.log(JSON.stringify(there)), (e) => console.log(JSON.stringify(e.message)))`;
  const { stdout, stderr } = spawnSync(process.execPath, ['-e', script], {
    encoding: 'utf8',
    env: { PATH: path.join(directory, 'path'), HOME: directory, STASIS_TOOLS: path.join(directory, 'tools'), ...env },
  });
  return { there: JSON.parse(stdout) as unknown, said: stderr };
};

const own = (): string => path.join(directory, 'tools/bin/runsc');
const ownVersion = (): string => spawnSync(own(), ['--version'], { encoding: 'utf8' }).stdout.trim();

it('uses a runsc of 2024 or later that is on PATH, and builds nothing', () => {
  go('1.26.8');
  const there = runsc('release-20240729.0');
  expect(fetchRunsc()).toEqual({ there: true, said: `set-up: runsc: uses ${there} (release-20240729.0)\n` });
  expect(readlinkSync(own())).toBe(there);
});

it('builds one, stamped with its release, rather than use an older one', () => {
  go('1.26.8');
  runsc('0.0~20221219.0');
  expect(fetchRunsc().there).toBe(true);
  expect(ownVersion()).toBe('runsc version release-20260905.0');
  expect(readdirSync(path.dirname(own()))).toEqual(['runsc']);
});

it('builds one rather than trust a build that does not say its version', () => {
  go('1.26.8');
  runsc('VERSION_MISSING');
  expect(fetchRunsc().there).toBe(true);
  expect(ownVersion()).toBe('runsc version release-20260905.0');
});

it('uses an older one where there is no go, and says what that costs', () => {
  const there = runsc('0.0~20221219.0');
  const { there: ok, said } = fetchRunsc();
  expect(ok).toBe(true);
  expect(said).toContain('resume in place');
  expect(readlinkSync(own())).toBe(there);
});

it('leaves alone what is there already', () => {
  mkdirSync(path.dirname(own()), { recursive: true });
  writeFileSync(own(), '', { mode: 0o755 });
  runsc('release-20260905.0');
  expect(fetchRunsc()).toEqual({ there: true, said: '' });
});

it('says what to install where none can be had', () => {
  const { there, said } = fetchRunsc();
  expect(there).toBe(false);
  expect(said.trim().split('\n').at(-1)).toBe(
    'set-up: runsc: none found; install Go (it is then built), or apt-get install runsc, or set STASIS_RUNSC',
  );
});

it('refuses a STASIS_RUNSC that cannot be executed, naming it', () => {
  runsc('release-20260905.0');
  expect(fetchRunsc({ STASIS_RUNSC: '/nowhere/runsc' }).there).toBe(
    'STASIS_RUNSC=/nowhere/runsc cannot be executed; correct or unset it',
  );
});
