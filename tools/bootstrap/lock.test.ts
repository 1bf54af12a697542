import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { once } from 'node:events';
import { afterEach, beforeEach, expect, it } from 'vitest';

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'stasis-lock-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** Holds the lock for 300 ms and writes when it had it. */
const script = (): string => `
  import { appendFileSync } from 'node:fs';
  import { setTimeout as sleep } from 'node:timers/promises';
  import { withLock } from ${JSON.stringify(path.join(import.meta.dirname, 'lock.mjs'))};
  const note = (word) => appendFileSync(${JSON.stringify(path.join(directory, 'notes'))}, word);
  await withLock(${JSON.stringify(path.join(directory, 'lock'))}, async () => { note('('); await sleep(300); note(')'); });`;

const args = (): string[] => ['--input-type=module', '-e', script()];
const notes = (): string => readFileSync(path.join(directory, 'notes'), 'utf8');

it('lets one set-up work at a time and the others follow', async () => {
  const children = [1, 2, 3].map(() => spawn(process.execPath, args(), { stdio: 'ignore' }));
  const codes = await Promise.all(children.map(async (child) => (await once(child, 'exit'))[0] as number));
  expect({ codes, notes: notes() }).toEqual({ codes: [0, 0, 0], notes: '()()()' });
  expect(existsSync(path.join(directory, 'lock'))).toBe(false);
});

it('takes over from a set-up that was killed', () => {
  const dead = spawnSync(process.execPath, ['-e', '']);
  mkdirSync(path.join(directory, 'lock'));
  writeFileSync(path.join(directory, 'lock/pid'), String(dead.pid));
  expect(spawnSync(process.execPath, args()).status).toBe(0);
  expect(notes()).toBe('()');
});
