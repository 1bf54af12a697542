import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { poisonTopicOf } from '../poison.ts';
import { type BusWorld, message, numbers, texts, withoutRepeats } from './world.ts';

/** What an outage of the carrier does, and does not. */
export const testOutage = ({ harness, open, newTopic, collect }: BusWorld, awayMs: number): void => {
  // Two claims in one outage: a broker takes its time to come back.
  test(
    'survives a broker that is gone and comes back, without loss or reordering, and tells who waits less',
    { timeout: 90_000 + awayMs },
    async () => {
      const bus = open();
      const impatient = open({ publishTimeoutMs: 300 });
      const topic = await newTopic(bus, 2);
      const { got } = await collect(bus, { topic, batchSize: 5 });
      const pinned = await collect(bus, { topic, partition: 1 });
      const published: Promise<void>[] = [];
      const send = (from: number): void => {
        for (const n of numbers(20, from))
          published.push(bus.publish([message(topic, 'a', n), message(topic, 'b', n)]));
      };
      send(0);
      await Promise.all(published);
      const aside = message(poisonTopicOf(topic), 'k', '0');
      await impatient.publish([aside]);
      await impatient.ping();
      await expect.poll(() => withoutRepeats(got).length).toBe(40);
      send(20);
      await harness().goDown();
      send(40);
      try {
        await expect(impatient.publish([aside])).rejects.toMatchObject({ code: 'BusUnavailable' });
        await expect(impatient.ping()).rejects.toMatchObject({ code: 'BusUnavailable' });
        await sleep(awayMs);
        send(60);
      } finally {
        await harness().comeBack();
      }
      send(80);
      await Promise.all(published);
      await expect.poll(() => withoutRepeats(got).length, { timeout: 40_000 }).toBeGreaterThanOrEqual(200);
      for (const key of ['a', 'b']) {
        const seen = texts(withoutRepeats(got).filter((m) => m.key === key));
        expect(seen).toEqual(numbers(100));
      }
      const ofPartition = withoutRepeats(got)
        .filter((m) => m.partition === 1)
        .map((m) => m.offset);
      await expect
        .poll(() => withoutRepeats(pinned.got).map((m) => m.offset), { timeout: 40_000 })
        .toEqual(ofPartition);
      await expect
        .poll(() =>
          impatient.ping().then(
            () => true,
            () => false,
          ),
        )
        .toBe(true);
      await impatient.publish([aside]);
    },
  );
};
