import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll } from 'vitest';
import type { Bus, BusMessage, DeliveredMessage, SubscribeOptions } from '../port.ts';

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

/** What the tests of the contract work with. */
export interface BusWorld {
  /** The carrier; there once the tests run. */
  harness(): BusHarness;
  /** A bus that is closed after the test. */
  open(options?: { publishTimeoutMs?: number }): Bus;
  /** Makes a topic of its own, of 3 partitions unless told. */
  newTopic(bus: Bus, partitions?: number): Promise<string>;
  /** Gathers all that a group gets; a group of its own unless named. */
  collect(
    bus: Bus,
    options: Omit<SubscribeOptions, 'onBatch' | 'group'> & { group?: string },
  ): Promise<{ got: DeliveredMessage[]; stop: () => Promise<void> }>;
}

/** Starts the carrier for the tests of the describe block that this is called in, and ends it after them. */
export const busWorld = (start: () => Promise<BusHarness>): BusWorld => {
  let harness: BusHarness;
  const opened: Bus[] = [];
  beforeAll(async () => {
    harness = await start();
  }, 90_000);
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((bus) => bus.close()));
  }, 60_000);
  afterAll(() => harness.stop(), 60_000);
  return {
    harness: () => harness,
    open: (options) => {
      const bus = harness.open(options);
      opened.push(bus);
      return bus;
    },
    newTopic: async (bus, partitions = 3) => {
      const topic = `test.${randomUUID()}`;
      await bus.ensureTopics([{ topic, partitions }]);
      return topic;
    },
    collect: async (bus, options) => {
      const got: DeliveredMessage[] = [];
      const subscription = await bus.subscribe({
        group: `group-${randomUUID()}`,
        ...options,
        onBatch: async (messages) => void got.push(...messages),
      });
      return { got, stop: () => subscription.stop() };
    },
  };
};

export const message = (topic: string, key: string, text: string): BusMessage => ({
  topic,
  key,
  headers: { ce_id: `evt_${text}`, ce_type: 'dev.stasis.test.happened.v1', 'content-type': 'application/json' },
  value: new TextEncoder().encode(JSON.stringify(text)),
});

export const textOf = ({ value }: Pick<BusMessage, 'value'>): string =>
  JSON.parse(new TextDecoder().decode(value)) as string;

export const texts = (got: readonly DeliveredMessage[]): string[] => got.map(textOf);

export const numbers = (count: number, from = 0): string[] =>
  Array.from({ length: count }, (_, index) => String(from + index));

/** Drops the deliveries that came again; what is left must be complete and in order. */
export const withoutRepeats = (messages: readonly DeliveredMessage[]): DeliveredMessage[] => {
  const highest = new Map<string, bigint>();
  return messages.filter(({ topic, partition, offset }) => {
    const place = `${topic}/${partition}`;
    const isNew = BigInt(offset) > (highest.get(place) ?? -1n);
    if (isNew) highest.set(place, BigInt(offset));
    return isNew;
  });
};
