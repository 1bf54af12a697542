import fc from 'fast-check';
import { expect, it } from 'vitest';
import { facts, table } from './table.ts';

const widest = (text: string): number => Math.max(...text.split('\n').map((line) => line.length));

it('never makes a table or a list of facts wider than 80 columns', () => {
  const cells = fc.array(fc.tuple(fc.string({ maxLength: 150 }), fc.string({ maxLength: 20 })), { maxLength: 5 });
  fc.assert(
    fc.property(cells, (rows) => {
      const columns = [
        { head: 'NAME', cell: (row: readonly string[]) => row[0] ?? '', shrinks: true },
        { head: 'VALUE', cell: (row: readonly string[]) => row[1] ?? '', right: true },
      ];
      expect(widest(table(columns, rows))).toBeLessThanOrEqual(80);
      expect(widest(facts(rows.map(([value, name]) => [name, value])))).toBeLessThanOrEqual(80);
    }),
  );
});

it('cuts only the column that may shrink', () => {
  const columns = [
    { head: 'ID', cell: ([id]: readonly [string, string]) => id },
    { head: 'NAME', cell: ([, name]: readonly [string, string]) => name, shrinks: true },
  ];
  const id = 'i'.repeat(30);
  const [head, row] = table(columns, [[id, 'n'.repeat(90)]]).split('\n');
  expect(head).toBe(`ID${' '.repeat(30)}NAME`);
  expect(row).toBe(`${id}  ${'n'.repeat(47)}…`);
});

it('breaks a long value at a space and keeps it in its column', () => {
  expect(facts([['message', `${'a'.repeat(60)} ${'b'.repeat(20)}`]])).toBe(
    `message  ${'a'.repeat(60)}\n         ${'b'.repeat(20)}\n`,
  );
});

it('leaves out facts that are not there', () => {
  expect(
    facts([
      ['a', undefined],
      ['b', ''],
      ['c', '1'],
    ]),
  ).toBe('c  1\n');
});
