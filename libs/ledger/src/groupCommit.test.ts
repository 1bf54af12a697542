import { expect, test } from 'vitest';
import { createGroupCommit } from './groupCommit.ts';

/** Commits when told to, and keeps the batches it was given. */
function manualCommit() {
  const batches: number[][] = [];
  const gates: (() => void)[] = [];
  const group = createGroupCommit<number, number>({
    weightOf: (item) => item,
    maxWeight: 10,
    commit: async (items) => {
      batches.push([...items]);
      await new Promise<void>((resolve) => gates.push(resolve));
      if (items.includes(13)) throw new Error('the store is away');
      return items.map((item) =>
        item === 7 ? { status: 'rejected', reason: new Error('seven') } : { status: 'fulfilled', value: item * 2 },
      );
    },
  });
  const release = async (): Promise<void> => {
    await expect.poll(() => gates.length).toBeGreaterThan(0);
    gates.shift()?.();
  };
  return { batches, group, release };
}

test('gathers what comes while a batch is under way into the next, up to its weight', async () => {
  const { batches, group, release } = manualCommit();
  const first = group.submit(1);
  await expect.poll(() => batches.length).toBe(1);
  const rest = [4, 5, 2, 30, 3].map((item) => group.submit(item));
  for (let n = 0; n < 5; n += 1) await release().catch(() => {});
  expect(await Promise.all([first, ...rest])).toEqual([2, 8, 10, 4, 60, 6]);
  expect(batches).toEqual([[1], [4, 5], [2], [30], [3]]);
  await group.idle();
});

test('lets one caller fail alone, and a batch whose commit fails without the next one', async () => {
  const { group, release } = manualCommit();
  const mixed = Promise.allSettled([group.submit(1), group.submit(7)]);
  await release();
  expect((await mixed).map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
  const lost = Promise.allSettled([group.submit(13), group.submit(1)]);
  await release();
  await release().catch(() => {});
  expect((await lost).map(({ status }) => status)).toEqual(['rejected', 'fulfilled']);
  const next = group.submit(2);
  await release();
  expect(await next).toBe(4);
});
