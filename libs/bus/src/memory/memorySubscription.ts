import { createDelivery } from '../delivery.ts';
import type { DeliveredMessage, SubscribeOptions, Subscription } from '../port.ts';
import type { MemoryBroker, MemoryPartition } from './memoryBroker.ts';

/** A loop per partition; members of one group share them batch by batch. */
export const subscribeInMemory = (
  broker: MemoryBroker,
  options: SubscribeOptions,
  setAside: (message: DeliveredMessage, reason: unknown) => Promise<void>,
): Subscription => {
  const all = broker.topic(options.topic);
  const partitions = all.filter((_, index) => options.partition === undefined || index === options.partition);
  for (const partition of partitions) {
    if (options.startAt !== undefined && options.partition !== undefined) {
      partition.offsets.set(options.group, Number(options.startAt));
    } else if (!partition.offsets.has(options.group)) {
      partition.offsets.set(options.group, options.from === 'latest' ? partition.messages.length : 0);
    }
  }
  const delivery = createDelivery(options, setAside);
  const idle = new Set<() => void>();
  const pausing = new Set<() => void>();
  let stopped = false;
  const wake = (sleepers: Set<() => void>): void => {
    for (const resolve of sleepers) resolve();
    sleepers.clear();
  };
  const pauseFor = async (ms: number): Promise<void> => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, ms);
    pausing.add(resolve);
    await promise;
    clearTimeout(timer);
    pausing.delete(resolve);
  };

  const hasWork = (partition: MemoryPartition): boolean =>
    broker.isUp &&
    !partition.busy.has(options.group) &&
    (partition.offsets.get(options.group) ?? 0) < partition.messages.length;

  const handleNext = async (partition: MemoryPartition): Promise<void> => {
    const offset = partition.offsets.get(options.group) ?? 0;
    partition.busy.add(options.group);
    try {
      const pause = await delivery.handle(
        partition.messages.slice(offset, offset + (options.batchSize ?? 500)),
        (last) => void partition.offsets.set(options.group, Number(last.offset) + 1),
        () => !stopped,
      );
      if (pause !== undefined && !stopped) await pauseFor(pause);
    } finally {
      partition.busy.delete(options.group);
      broker.changed();
    }
  };

  const loop = async (partition: MemoryPartition): Promise<void> => {
    while (!stopped) {
      // No await between the look and the wait: a change in between would be missed.
      if (hasWork(partition)) await handleNext(partition);
      else await new Promise<void>((resolve) => idle.add(resolve));
    }
  };

  const unlisten = broker.onChange(() => wake(idle));
  const loops = partitions.map(loop);
  return {
    stop: async () => {
      stopped = true;
      unlisten();
      wake(idle);
      wake(pausing);
      await Promise.all(loops);
    },
  };
};
