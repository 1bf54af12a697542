import { expect, test } from 'vitest';
import { RefusalTally } from './refusalTally.ts';

test('a flood of refused messages is one event at once and one a minute, which counts the others', () => {
  const tally = new RefusalTally('api', 60_000);
  const unsigned = { node: 'node-a', why: 'Unsigned' } as const;
  expect(tally.note(unsigned, 0)).toEqual({ by: 'api', ...unsigned, count: 1 });
  for (let n = 1; n <= 1000; n += 1) expect(tally.note({ ...unsigned, message: `evt_${n}` }, n)).toBeUndefined();
  expect(tally.note({ node: 'node-a', why: 'Expired' }, 5)?.count).toBe(1);
  expect(tally.due(59_999)).toEqual([]);
  expect(tally.due(60_000)).toEqual([{ by: 'api', ...unsigned, message: 'evt_1000', count: 1000 }]);
  expect(tally.due(500_000)).toEqual([]);
  expect(tally.total).toBe(1002);
});
