import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { type BusWorld, message, numbers, texts, withoutRepeats } from './world.ts';

/** Who of a group gets what, where it begins, and where it goes on. */
export const testGroups = ({ harness, open, newTopic, collect }: BusWorld): void => {
  test('goes on after the last finished batch when the group comes back', async () => {
    const bus = open();
    const topic = await newTopic(bus, 1);
    const group = randomUUID();
    await bus.publish(numbers(20).map((n) => message(topic, 'k', n)));
    const before = await collect(bus, { topic, group });
    await expect.poll(() => before.got.length).toBe(20);
    await before.stop();
    await bus.publish(numbers(5, 20).map((n) => message(topic, 'k', n)));
    const after = await collect(open(), { topic, group });
    await expect.poll(() => texts(after.got)).toEqual(numbers(5, 20));
    expect(before.got).toHaveLength(20);
  });

  test('finishes the batch under way before a subscription ends, and delivers nothing after', async () => {
    const bus = open();
    const topic = await newTopic(bus, 1);
    let begun = 0;
    let ended = 0;
    const subscription = await bus.subscribe({
      topic,
      group: randomUUID(),
      batchSize: 1,
      onBatch: async () => {
        begun += 1;
        await sleep(100);
        ended += 1;
      },
    });
    await bus.publish(numbers(50).map((n) => message(topic, 'k', n)));
    await expect.poll(() => begun).toBeGreaterThan(0);
    await subscription.stop();
    await subscription.stop();
    const at = begun;
    expect(ended).toBe(begun);
    await sleep(250);
    expect(begun).toBe(at);
    expect(at).toBeLessThan(50);
  });

  test('begins a new group at the end when asked to, and misses nothing from then on', async () => {
    const bus = open();
    const topic = await newTopic(bus, 1);
    await bus.publish(numbers(5).map((n) => message(topic, 'k', n)));
    const { got } = await collect(bus, { topic, from: 'latest' });
    await bus.publish(numbers(5, 5).map((n) => message(topic, 'k', n)));
    await expect.poll(() => texts(got)).toEqual(numbers(5, 5));
  });

  test('pins a group to one partition and begins where it is told', async () => {
    const bus = open();
    const topic = await newTopic(bus);
    await bus.publish(numbers(30).map((n) => ({ ...message(topic, 'node', n), partition: Number(n) % 3 })));
    const all = await collect(bus, { topic, partition: 1 });
    await expect.poll(() => texts(all.got)).toEqual(numbers(30).filter((n) => Number(n) % 3 === 1));
    const startAt = all.got[4]?.offset ?? '';
    const rest = await collect(bus, { topic, partition: 1, startAt });
    await expect.poll(() => texts(rest.got)).toEqual(texts(all.got.slice(4)));
  });

  test('lets the second member of a pinned group take over when the first one leaves', async () => {
    const [one, two] = [open(), open()];
    const topic = await newTopic(one);
    const group = randomUUID();
    const first = await collect(one, { topic, group, partition: 2 });
    const second = await collect(two, { topic, group, partition: 2 });
    const send = (from: number): Promise<void> =>
      one.publish(numbers(10, from).map((n) => ({ ...message(topic, 'node', n), partition: 2 })));
    await send(0);
    await expect.poll(() => first.got.length + second.got.length).toBe(10);
    await Promise.all([first.stop(), send(10)]);
    await expect.poll(() => new Set(texts([...first.got, ...second.got])).size).toBe(20);
    expect(texts(withoutRepeats([...first.got, ...second.got]))).toEqual(numbers(20));
  });

  test('shares the partitions of a topic among the members of a group, and gives other groups everything', async () => {
    const [one, two] = [open(), open()];
    const topic = await newTopic(one, 4);
    const group = randomUUID();
    const members = [await collect(one, { topic, group }), await collect(two, { topic, group })];
    const other = await collect(two, { topic });
    await one.publish(numbers(80).map((n) => message(topic, n, n)));
    await expect.poll(() => other.got.length).toBe(80);
    const together = (): string[] => members.flatMap((member) => texts(member.got)).toSorted();
    await expect.poll(() => new Set(together()).size).toBe(80);
  });

  test('delivers what a killed consumer had not finished', { timeout: 60_000 }, async () => {
    const crash = harness().crashWhileConsuming;
    // Only a carrier that lives and dies with its process may do without.
    if (crash === undefined) return expect(open().kind).toBe('memory');
    const bus = open();
    const topic = await newTopic(bus, 1);
    const group = randomUUID();
    await bus.publish(numbers(20).map((n) => message(topic, 'k', n)));
    await crash(topic, group);
    const { got } = await collect(bus, { topic, group });
    await expect.poll(() => texts(got).at(-1)).toBe('19');
    // The first batch of 5 was finished and acknowledged, the second was not.
    expect(texts(got)).toEqual(numbers(15, 5));
  });
};
