import { randomUUID } from 'node:crypto';
import { StasisError } from '@stasis/errors';
import { expect, test } from 'vitest';
import { poisonHeaders, poisonTopicOf } from '../poison.ts';
import { type BusWorld, message, numbers, textOf, texts } from './world.ts';

/** What becomes of a message whose handling fails. */
export const testFailures = ({ open, newTopic, collect }: BusWorld): void => {
  test('delivers a batch again, in order, when its handling fails', async () => {
    const bus = open();
    const topic = await newTopic(bus, 1);
    const handled: string[] = [];
    let failures = 2;
    await bus.publish(numbers(10).map((n) => message(topic, 'k', n)));
    await bus.subscribe({
      topic,
      group: randomUUID(),
      onBatch: async (messages) => {
        if (failures > 0) {
          failures -= 1;
          throw new Error('not yet');
        }
        handled.push(...texts(messages));
      },
    });
    await expect.poll(() => handled).toEqual(numbers(10));
  });

  test('sets a message aside with its reason once it has failed alone as often as allowed', async () => {
    const bus = open();
    const topic = await newTopic(bus, 1);
    const handled: string[] = [];
    const counted: string[] = [];
    let alone = 0;
    await bus.publish(numbers(6).map((n) => message(topic, 'k', n)));
    await bus.subscribe({
      topic,
      group: 'the-group',
      maxAttempts: 3,
      onBatch: async (messages) => {
        if (messages.some((m) => textOf(m) === '2')) {
          if (messages.length === 1) alone += 1;
          throw new StasisError('EventMalformed', 'the third message cannot be read');
        }
        handled.push(...texts(messages));
      },
      onPoison: (m, reason) => void counted.push(`${textOf(m)}: ${String(reason)}`),
    });
    await expect.poll(() => handled).toEqual(['0', '1', '3', '4', '5']);
    expect(alone).toBe(3);
    expect(counted).toEqual(['2: StasisError: the third message cannot be read']);
    const poison = await collect(bus, { topic: poisonTopicOf(topic) });
    await expect.poll(() => texts(poison.got)).toEqual(['2']);
    expect(poison.got[0]?.key).toBe('k');
    expect(poison.got[0]?.headers).toMatchObject({
      ce_id: 'evt_2',
      [poisonHeaders.reason]: 'the third message cannot be read',
      [poisonHeaders.code]: 'EventMalformed',
      [poisonHeaders.group]: 'the-group',
      [poisonHeaders.partition]: '0',
      [poisonHeaders.offset]: '2',
    });
  });

  test('waits without setting aside while the failure is one that passes', async () => {
    const bus = open();
    const topic = await newTopic(bus, 1);
    const handled: string[] = [];
    const poisoned: string[] = [];
    let failures = 4;
    await bus.publish([message(topic, 'k', '0')]);
    await bus.subscribe({
      topic,
      group: randomUUID(),
      maxAttempts: 2,
      onBatch: async (messages) => {
        failures -= 1;
        if (failures > 0) throw new StasisError('AuditUnavailable', 'the ledger is away');
        handled.push(...texts(messages));
      },
      onPoison: (m) => void poisoned.push(textOf(m)),
    });
    await expect.poll(() => handled).toEqual(['0']);
    expect(poisoned).toEqual([]);
  });
};
