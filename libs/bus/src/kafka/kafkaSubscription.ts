import type { Consumer, EachBatchPayload, IHeaders, Kafka } from 'kafkajs';
import { StasisError } from '@stasis/errors';
import { createDelivery, type Delivery } from '../delivery.ts';
import type { DeliveredMessage, SubscribeOptions, Subscription } from '../port.ts';
import { pinnedAssigner } from './pinnedAssigner.ts';
import { consumerPatience, unavailable, type KafkaBusOptions } from './settings.ts';

const heartbeatMs = 500;

/** Bounds how long a stop, or a change in the group, waits for a fetch that finds nothing. */
const fetchWaitMs = 500;

export interface KafkaSubscriptionContext {
  readonly kafka: Kafka;
  readonly options: KafkaBusOptions;
  /** Where to begin instead of the committed offset, by partition. */
  readonly startAt: ReadonlyMap<number, string>;
  readonly setAside: (message: DeliveredMessage, reason: unknown) => Promise<void>;
}

/**
 * A consumer that is started again whatever ended it. Resolves when it has joined its group.
 * @throws StasisError BusUnavailable if it has not joined within `subscribeTimeoutMs`
 */
export const subscribeInKafka = async (
  context: KafkaSubscriptionContext,
  options: SubscribeOptions,
): Promise<Subscription> => {
  const delivery = createDelivery(options, context.setAside);
  const joined = Promise.withResolvers<void>();
  const pendingSeeks = new Map(context.startAt);
  let stopped = false;
  let consumer: Consumer | undefined;
  let restart: NodeJS.Timeout | undefined;
  /** Resolves when the consumer is not in the middle of a start, which kafkajs cannot stop. */
  let settled = Promise.withResolvers<void>();

  const start = async (): Promise<void> => {
    settled = Promise.withResolvers<void>();
    const made = context.kafka.consumer({
      groupId: options.group,
      sessionTimeout: context.options.sessionTimeoutMs ?? 6000,
      heartbeatInterval: heartbeatMs,
      maxWaitTimeInMs: fetchWaitMs,
      allowAutoTopicCreation: false,
      retry: {
        ...consumerPatience,
        restartOnFailure: async () => {
          if (stopped) settled.resolve();
          return !stopped;
        },
      },
      ...(options.partition === undefined ? {} : { partitionAssigners: [pinnedAssigner(options.partition)] }),
    });
    consumer = made;
    made.on('consumer.group_join', ({ payload }) => {
      for (const partition of payload.memberAssignment[options.topic] ?? []) {
        const offset = pendingSeeks.get(partition);
        if (offset !== undefined) made.seek({ topic: options.topic, partition, offset });
      }
      settled.resolve();
      joined.resolve();
    });
    made.on('consumer.crash', ({ payload }) => {
      if (payload.restart) {
        settled = Promise.withResolvers<void>();
        return;
      }
      settled.resolve();
      scheduleRestart();
    });
    try {
      await made.connect();
      await made.subscribe({ topic: options.topic, fromBeginning: options.from !== 'latest' });
      await made.run({
        eachBatchAutoResolve: false,
        partitionsConsumedConcurrently: 8,
        eachBatch: (payload) => deliver(payload, delivery, pendingSeeks),
      });
    } catch (error) {
      context.options.onLog?.('warn', 'the consumer could not be started', {
        group: options.group,
        error: String(error),
      });
      await made.disconnect().catch(() => {});
      settled.resolve();
      scheduleRestart();
    }
  };
  const scheduleRestart = (): void => {
    if (!stopped) restart = setTimeout(() => void start(), 500);
  };

  const stop = async (): Promise<void> => {
    stopped = true;
    clearTimeout(restart);
    await settled.promise;
    await consumer?.disconnect();
  };

  void start();
  const timeoutMs = context.options.subscribeTimeoutMs ?? 120_000;
  const timer = setTimeout(() => {
    joined.reject(new StasisError('BusUnavailable', `The group "${options.group}" was not joined in ${timeoutMs} ms.`));
  }, timeoutMs);
  try {
    await joined.promise;
  } catch (error) {
    void stop();
    throw unavailable(context.options, error);
  } finally {
    clearTimeout(timer);
  }
  return { stop };
};

const deliver = async (
  payload: EachBatchPayload,
  delivery: Delivery,
  pendingSeeks: Map<number, string>,
): Promise<void> => {
  const { batch } = payload;
  let broken: { readonly error: unknown } | undefined;
  let commits: Promise<unknown> = Promise.resolve();
  const fail = (error: unknown): void => {
    broken ??= { error };
  };
  const beat = setInterval(() => void payload.heartbeat().catch(fail), heartbeatMs);
  try {
    const messages = batch.messages.map((message): DeliveredMessage => ({
      topic: batch.topic,
      partition: batch.partition,
      offset: message.offset,
      key: message.key?.toString() ?? '',
      headers: textHeaders(message.headers),
      value: message.value ?? new Uint8Array(),
    }));
    const pause = await delivery.handle(
      messages,
      (last) => {
        payload.resolveOffset(last.offset);
        pendingSeeks.delete(batch.partition);
        // Runs beside the next batch; the last one is committed by the runner when this function returns.
        if (last !== messages.at(-1)) {
          commits = commits.then(() => payload.commitOffsetsIfNecessary(nextOffsetOf(last))).catch(fail);
        }
      },
      () => payload.isRunning() && !payload.isStale() && broken === undefined,
    );
    await commits;
    if (pause !== undefined) setTimeout(payload.pause(), pause);
  } finally {
    clearInterval(beat);
  }
  // The group is changing, or the broker is gone: the runner must hear of it to join again.
  if (broken !== undefined) throw broken.error;
};

const nextOffsetOf = ({ topic, partition, offset }: DeliveredMessage) => ({
  topics: [{ topic, partitions: [{ partition, offset: String(BigInt(offset) + 1n) }] }],
});

const textHeaders = (headers: IHeaders = {}): Record<string, string> => {
  const text: Record<string, string> = {};
  for (const name of Object.keys(headers)) {
    const value = headers[name];
    // A repeated header comes as a list; the last one counts.
    const last = Array.isArray(value) ? value.at(-1) : value;
    if (last !== undefined) text[name] = last.toString();
  }
  return text;
};
