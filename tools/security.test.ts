import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';

const checkout = path.resolve(import.meta.dirname, '..');
const page = readFileSync(path.join(checkout, 'docs/security.md'), 'utf8');

/** The items of each list under "It cannot", by the heading above it. */
const cannots = page.split(/^## /m).flatMap((section) =>
  (section.split('\nIt cannot\n')[1] ?? '')
    .split('\n')
    .filter((line) => line.startsWith('- '))
    .map((line): [string, string] => [section.split('\n')[0] ?? '', line]),
);

test('the threat model speaks of each attacker', () => {
  expect([...new Set(cannots.map(([attacker]) => attacker))]).toEqual([
    'A stolen token',
    'A hostile node',
    'A hostile Kafka',
    'A hostile owner of the database',
    'A hostile image',
  ]);
});

test.each(cannots)('%s cannot: a test that is there tries it: %s', (_, line) => {
  const named = [...line.matchAll(/`([^`]+\.test\.ts)`/g)].map(([, file = '']) => file);
  expect(named.length).toBeGreaterThan(0);
  expect(named.filter((file) => !existsSync(path.join(checkout, file)))).toEqual([]);
});
