import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { connectionOf, homeOf } from './settings.ts';

let home = '';
beforeEach(() => (home = mkdtempSync(path.join(tmpdir(), 'stasis-settings-'))));
afterEach(() => rmSync(home, { recursive: true, force: true }));

it('takes the flags before the environment, and both before what the home holds', () => {
  writeFileSync(path.join(home, 'server.json'), '{"url":"http://127.0.0.1:3","pid":1}');
  writeFileSync(path.join(home, 'admin.token'), 'from-home\n');
  const env = { STASIS_HOME: home };
  const set = { ...env, STASIS_SERVER: 'http://two:2', STASIS_TOKEN: 'from-env' };
  expect(connectionOf({ server: 'one:1', token: 'from-flag' }, set)).toEqual({
    server: 'http://one:1',
    token: 'from-flag',
  });
  expect(connectionOf({}, set)).toEqual({ server: 'http://two:2', token: 'from-env' });
  expect(connectionOf({}, env)).toEqual({ server: 'http://127.0.0.1:3', token: 'from-home' });
});

it('falls back to 127.0.0.1:7070 without a token', () => {
  expect(connectionOf({}, { STASIS_HOME: home })).toEqual({ server: 'http://127.0.0.1:7070', token: undefined });
});

it('takes the slash off the end of an address', () => {
  expect(connectionOf({ server: 'https://api.example/' }, { STASIS_HOME: home }).server).toBe('https://api.example');
});

it('names the file that it cannot read', () => {
  writeFileSync(path.join(home, 'server.json'), 'no');
  expect(() => connectionOf({}, { STASIS_HOME: home })).toThrow(/server\.json is not JSON/);
  rmSync(path.join(home, 'server.json'));
  mkdirSync(path.join(home, 'admin.token'));
  expect(() => connectionOf({}, { STASIS_HOME: home })).toThrow(/admin\.token cannot be read/);
});

it('keeps its data in the checkout unless told otherwise', () => {
  expect(homeOf({})).toBe(path.resolve(import.meta.dirname, '../../../.stasis'));
  expect(homeOf({ STASIS_HOME: 'x' })).toBe(path.resolve('x'));
});
