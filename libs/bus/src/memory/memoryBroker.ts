import { StasisError } from '@stasis/errors';
import type { BusMessage, DeliveredMessage, TopicSpec } from '../port.ts';
import { partitionOf } from '../partitionOf.ts';

export interface MemoryPartition {
  readonly messages: DeliveredMessage[];
  /** Next offset of each group. */
  readonly offsets: Map<string, number>;
  /** Groups that a member is handling a batch for right now. */
  readonly busy: Set<string>;
}

/** The messages that the buses of one process share, and a switch that makes them unreachable. Keeps all it is given. */
export interface MemoryBroker {
  ensureTopic(spec: TopicSpec): void;
  /** @throws StasisError BusUnavailable if the topic is missing or the broker is down */
  topic(name: string): readonly MemoryPartition[];
  append(messages: readonly BusMessage[]): void;
  readonly isUp: boolean;
  goDown(): void;
  comeBack(): void;
  /** Calls `listener` whenever something may have changed. Returns the function that ends it. */
  onChange(listener: () => void): () => void;
  changed(): void;
}

export const createMemoryBroker = (): MemoryBroker => {
  const topics = new Map<string, MemoryPartition[]>();
  const listeners = new Set<() => void>();
  let up = true;
  const changed = (): void => {
    for (const listener of listeners) listener();
  };
  const topic = (name: string): MemoryPartition[] => {
    if (!up) throw new StasisError('BusUnavailable', 'The memory broker is down.');
    const partitions = topics.get(name);
    if (partitions === undefined) {
      throw new StasisError('BusUnavailable', `The topic "${name}" does not exist.`, {
        next: 'Call ensureTopics first.',
      });
    }
    return partitions;
  };
  return {
    ensureTopic: ({ topic: name, partitions }) => {
      if (topics.has(name)) return;
      topics.set(
        name,
        Array.from({ length: partitions }, () => ({ messages: [], offsets: new Map(), busy: new Set() })),
      );
    },
    topic,
    append: (messages) => {
      // All partitions are looked up before the first write: a bad message leaves nothing of the call behind.
      const places = messages.map((message) => {
        const partitions = topic(message.topic);
        const number = message.partition ?? partitionOf(message.key, partitions.length);
        const partition = partitions[number];
        if (partition === undefined) {
          throw new StasisError('BusUnavailable', `The topic "${message.topic}" has no partition ${number}.`);
        }
        return { message, number, partition };
      });
      for (const { message, number, partition } of places) {
        partition.messages.push({ ...message, partition: number, offset: String(partition.messages.length) });
      }
      changed();
    },
    get isUp() {
      return up;
    },
    goDown: () => {
      up = false;
    },
    comeBack: () => {
      up = true;
      changed();
    },
    onChange: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    changed,
  };
};
