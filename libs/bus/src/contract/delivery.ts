import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import type { Bus, DeliveredMessage } from '../port.ts';
import { type BusWorld, message, numbers, textOf, texts } from './world.ts';

/** What arrives, in which order, and how soon. */
export const testDelivery = ({ open, newTopic, collect }: BusWorld): void => {
  test('delivers key, headers and value as they were published', async () => {
    const bus = open();
    const topic = await newTopic(bus);
    const { got } = await collect(bus, { topic });
    const sent = { ...message(topic, 'web-1', 'x'), value: Uint8Array.of(0x7b, 0xc3, 0xa9, 0x00, 0xff) };
    await bus.publish([sent]);
    await expect.poll(() => got.length).toBe(1);
    expect(got[0]).toMatchObject({ topic, key: 'web-1', headers: sent.headers });
    expect([...(got[0]?.value ?? [])]).toEqual([...sent.value]);
  });

  test('keeps the order of each key over many publishers that do not wait', async () => {
    const bus = open();
    const topic = await newTopic(bus);
    const { got } = await collect(bus, { topic, batchSize: 7 });
    const keys = ['a', 'b', 'c', 'd', 'e'];
    await Promise.all(numbers(60).map((n) => bus.publish(keys.map((key) => message(topic, key, n)))));
    await expect.poll(() => got.length).toBe(300);
    for (const key of keys) expect(texts(got.filter((m) => m.key === key))).toEqual(numbers(60));
  });

  test('keeps each publisher of two in its own order and loses none', async () => {
    const [one, two] = [open(), open()];
    const topic = await newTopic(one, 1);
    const { got } = await collect(one, { topic });
    const flood = async (bus: Bus, key: string): Promise<void> => {
      for (const n of numbers(100)) await bus.publish([message(topic, key, n)]);
    };
    await Promise.all([flood(one, 'one'), flood(two, 'two')]);
    await expect.poll(() => got.length).toBe(200);
    for (const key of ['one', 'two']) expect(texts(got.filter((m) => m.key === key))).toEqual(numbers(100));
    expect(new Set(got.map((m) => m.offset)).size).toBe(200);
  });

  test('hands over batches of one partition that are no larger than asked', async () => {
    const bus = open();
    const topic = await newTopic(bus, 2);
    await bus.publish(numbers(40).map((n) => message(topic, n, n)));
    const batches: (readonly DeliveredMessage[])[] = [];
    await bus.subscribe({ topic, group: randomUUID(), batchSize: 8, onBatch: async (b) => void batches.push(b) });
    await expect.poll(() => batches.flat().length).toBe(40);
    for (const batch of batches) {
      expect(batch.length).toBeLessThanOrEqual(8);
      expect(new Set(batch.map((m) => m.partition)).size).toBe(1);
    }
  });

  test('delivers a single message within a few milliseconds', async () => {
    const bus = open();
    const topic = await newTopic(bus, 1);
    const arrived = new Map<string, number>();
    await bus.subscribe({
      topic,
      group: randomUUID(),
      onBatch: async (messages) => messages.forEach((m) => arrived.set(textOf(m), performance.now())),
    });
    const took: number[] = [];
    for (const n of numbers(40)) {
      const begin = performance.now();
      await bus.publish([message(topic, 'k', n)]);
      await expect.poll(() => arrived.has(n), { timeout: 5000, interval: 1 }).toBe(true);
      took.push((arrived.get(n) ?? Infinity) - begin);
    }
    const median = took.toSorted((a, b) => a - b)[20] ?? Infinity;
    // Generous, since other tests share the machine; a poll in place of a notification would take hundreds.
    expect(median).toBeLessThan(50);
  });

  test('names the carrier and its version', async () => {
    expect(await open().version()).toMatch(/^(memory|Postgres \d+\.\d+|Kafka \d+\.\d+)$/);
  });
};
