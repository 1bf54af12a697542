import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { StasisError } from '@stasis/errors';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { poisonHeaders, poisonTopicOf } from './poison.ts';
import type { Bus, BusMessage, DeliveredMessage, SubscribeOptions } from './port.ts';

export interface BusHarness {
  /** Another bus on the same carrier, as another process would open it. */
  open(options?: { publishTimeoutMs?: number }): Bus;
  /** Makes the carrier unreachable as a crash would, and brings it back. */
  goDown(): Promise<void>;
  comeBack(): Promise<void>;
  /** Consumes `topic` as `group` in another process and dies by SIGKILL in the middle of its second batch of 5. */
  crashWhileConsuming?: (topic: string, group: string) => Promise<void>;
  stop(): Promise<void>;
}

const message = (topic: string, key: string, text: string): BusMessage => ({
  topic,
  key,
  headers: { ce_id: `evt_${text}`, ce_type: 'dev.stasis.test.happened.v1', 'content-type': 'application/json' },
  value: new TextEncoder().encode(JSON.stringify(text)),
});
const textOf = ({ value }: Pick<BusMessage, 'value'>): string => JSON.parse(new TextDecoder().decode(value)) as string;
const numbers = (count: number, from = 0): string[] =>
  Array.from({ length: count }, (_, index) => String(from + index));

/** Drops the deliveries that came again; what is left must be complete and in order. */
const withoutRepeats = (messages: readonly DeliveredMessage[]): DeliveredMessage[] => {
  const highest = new Map<string, bigint>();
  return messages.filter(({ topic, partition, offset }) => {
    const place = `${topic}/${partition}`;
    const isNew = BigInt(offset) > (highest.get(place) ?? -1n);
    if (isNew) highest.set(place, BigInt(offset));
    return isNew;
  });
};

/**
 * What every carrier of the bus must do. Each adapter's test file calls it with its own carrier; `missing` says what is
 * not there on this machine, and then the tests are reported as skipped with that reason.
 */
export const testBus = (name: string, start: () => Promise<BusHarness>, missing?: string): void => {
  describe.skipIf(missing !== undefined)(`${name}${missing === undefined ? '' : `: ${missing}`}`, () => {
    let harness: BusHarness;
    const opened: Bus[] = [];
    const open = (options?: { publishTimeoutMs?: number }): Bus => {
      const bus = harness.open(options);
      opened.push(bus);
      return bus;
    };
    const newTopic = async (bus: Bus, partitions = 3): Promise<string> => {
      const topic = `test.${randomUUID()}`;
      await bus.ensureTopics([{ topic, partitions }]);
      return topic;
    };
    const collect = async (
      bus: Bus,
      options: Omit<SubscribeOptions, 'onBatch' | 'group'> & { group?: string },
    ): Promise<{ got: DeliveredMessage[]; stop: () => Promise<void> }> => {
      const got: DeliveredMessage[] = [];
      const subscription = await bus.subscribe({
        group: `group-${randomUUID()}`,
        ...options,
        onBatch: async (messages) => void got.push(...messages),
      });
      return { got, stop: () => subscription.stop() };
    };
    const texts = (got: readonly DeliveredMessage[]): string[] => got.map(textOf);

    beforeAll(async () => {
      harness = await start();
    }, 90_000);
    afterEach(async () => {
      await Promise.all(opened.splice(0).map((bus) => bus.close()));
    }, 60_000);
    afterAll(() => harness.stop(), 60_000);

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

    test('delivers what a killed consumer had not finished', { timeout: 60_000 }, async () => {
      const crash = harness.crashWhileConsuming;
      // Only a carrier that lives and dies with its process may do without.
      if (crash === undefined) return expect(name).toBe('memory bus');
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

    // Two claims in one outage: a broker takes its time to come back.
    test(
      'survives a broker that is gone and comes back, without loss or reordering, and tells who waits less',
      { timeout: 90_000 },
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
        await harness.goDown();
        send(40);
        try {
          await expect(impatient.publish([aside])).rejects.toMatchObject({ code: 'BusUnavailable' });
          await expect(impatient.ping()).rejects.toMatchObject({ code: 'BusUnavailable' });
          await sleep(1500);
          send(60);
        } finally {
          await harness.comeBack();
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

    test('names the carrier and its version', async () => {
      expect(await open().version()).toMatch(/^(memory|Postgres \d+\.\d+|Kafka \d+\.\d+)$/);
    });

    test('refuses to publish once closed, and closes twice without complaint', async () => {
      const bus = open();
      const topic = await newTopic(bus, 1);
      await bus.close();
      await bus.close();
      await expect(bus.publish([message(topic, 'k', '0')])).rejects.toMatchObject({ code: 'BusUnavailable' });
    });
  });
};
