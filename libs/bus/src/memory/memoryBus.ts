import { StasisError } from '@stasis/errors';
import type { Bus, BusMessage, Subscription } from '../port.ts';
import { poisonMessage, poisonTopicOf } from '../poison.ts';
import { createPublishQueue } from '../publishQueue.ts';
import { createMemoryBroker, type MemoryBroker } from './memoryBroker.ts';
import { subscribeInMemory } from './memorySubscription.ts';

export interface MemoryBusOptions {
  /** Shared by the buses that are to see each other's messages; default: one of its own. */
  readonly broker?: MemoryBroker;
  readonly publishTimeoutMs?: number;
}

/** A bus within one process, for tests and the simulation: nothing is durable, retention is not applied. */
export const createMemoryBus = (options: MemoryBusOptions = {}): Bus => {
  const broker = options.broker ?? createMemoryBroker();
  const subscriptions = new Set<Subscription>();
  let closed = false;

  const send = async (messages: readonly BusMessage[]): Promise<void> => {
    if (!broker.isUp) await comesBack(broker, options.publishTimeoutMs ?? 120_000);
    broker.append(messages);
  };
  const queue = createPublishQueue(send);
  const publish = async (messages: readonly BusMessage[]): Promise<void> => {
    if (closed) throw new StasisError('BusUnavailable', 'This bus was closed.');
    await queue.publish(messages);
  };

  return {
    kind: 'memory',
    ensureTopics: async (topics) => {
      for (const spec of topics) {
        broker.ensureTopic(spec);
        broker.ensureTopic({ topic: poisonTopicOf(spec.topic), partitions: 1 });
      }
    },
    partitionsOf: async (topic) => broker.topic(topic).length,
    publish,
    subscribe: async (subscribeOptions) => {
      const inner = subscribeInMemory(broker, subscribeOptions, (message, reason) =>
        publish([poisonMessage(message, subscribeOptions.group, reason)]),
      );
      subscriptions.add(inner);
      return inner;
    },
    version: async () => 'memory',
    ping: async () => {
      if (!broker.isUp) throw new StasisError('BusUnavailable', 'The memory broker is down.');
    },
    close: async () => {
      await Promise.all([...subscriptions].map((subscription) => subscription.stop()));
      await queue.drain();
      closed = true;
    },
  };
};

const comesBack = (broker: MemoryBroker, timeoutMs: number): Promise<void> =>
  new Promise((resolve, reject) => {
    const unlisten = broker.onChange(() => {
      if (!broker.isUp) return;
      clearTimeout(timer);
      unlisten();
      resolve();
    });
    const timer = setTimeout(() => {
      unlisten();
      reject(new StasisError('BusUnavailable', `The memory broker did not come back within ${timeoutMs} ms.`));
    }, timeoutMs);
  });
