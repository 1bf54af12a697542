import { expect, test } from 'vitest';
import { allows, containerStatuses, parseName, parseRef, requireAllowed, statusTable } from './index.ts';

test('only a running or paused container can be checkpointed', () => {
  expect(containerStatuses.filter((status) => allows(status, 'checkpoint'))).toEqual(['running', 'paused']);
});

test('a name is free only when nothing is left under it', () => {
  expect(containerStatuses.filter((status) => statusTable[status].nameIsFree)).toEqual(['gone']);
});

test("a refusal is gVisor's sentence and names the state", () => {
  expect(() => requireAllowed('checkpoint', 'web-1', 'stopped')).toThrow(
    'cannot checkpoint container "web-1" in state stopped',
  );
  expect(() => requireAllowed('checkpoint', 'web-1', 'running')).not.toThrow();
});

test('reads a bare name and a name with its node', () => {
  expect(parseName('web-1')).toEqual({ id: 'web-1' });
  expect(parseRef('node-a/web-1')).toEqual({ node: 'node-a', id: 'web-1' });
});

test.each([
  '',
  '.',
  '..',
  '../x',
  'a/b/c',
  'node-a/',
  '/x',
  'a b',
  'a\n',
  'ü',
  'x'.repeat(129),
  'Node/x',
  '-n/x',
  'a..b/x',
])('refuses %j as a name', (text) => {
  expect(() => parseRef(text)).toThrow(/is not a|lacks its node/);
});
