import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { poisonTopicOf } from '../poison.ts';
import { type BusWorld, message } from './world.ts';

/** Topics, and what is said when there is none or the bus was closed. */
export const testTopics = ({ open, newTopic }: BusWorld): void => {
  test('makes missing topics with their poison topics, also when several ask at once, and leaves existing ones', async () => {
    const [one, two] = [open(), open()];
    const topic = `test.${randomUUID()}`;
    await Promise.all([one, two].map((bus) => bus.ensureTopics([{ topic, partitions: 3, retentionMs: 60_000 }])));
    await one.ensureTopics([{ topic, partitions: 7 }]);
    expect(await two.partitionsOf(topic)).toBe(3);
    expect(await two.partitionsOf(poisonTopicOf(topic))).toBe(1);
  });

  test('says BusUnavailable for a topic that does not exist', async () => {
    const bus = open();
    await expect(bus.partitionsOf(`test.${randomUUID()}`)).rejects.toMatchObject({ code: 'BusUnavailable' });
  });

  test('refuses to publish once closed, and closes twice without complaint', async () => {
    const bus = open();
    const topic = await newTopic(bus, 1);
    await bus.close();
    await bus.close();
    await expect(bus.publish([message(topic, 'k', '0')])).rejects.toMatchObject({ code: 'BusUnavailable' });
  });
};
