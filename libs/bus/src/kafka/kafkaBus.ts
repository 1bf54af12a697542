import type { Admin } from 'kafkajs';
import { StasisError } from '@stasis/errors';
import { poisonMessage, poisonTopicOf } from '../poison.ts';
import type { Bus, BusMessage, SubscribeOptions, Subscription } from '../port.ts';
import { createPublishQueue } from '../publishQueue.ts';
import { createAdminConnection, type AdminConnection } from './adminConnection.ts';
import { brokerVersion } from './brokerVersion.ts';
import { whileLoading } from './whileLoading.ts';
import { createKafkaProducer } from './kafkaProducer.ts';
import { subscribeInKafka } from './kafkaSubscription.ts';
import { consumerPatience, createClient, unavailable, type KafkaBusOptions } from './settings.ts';

/** The bus over a Kafka cluster, with kafkajs. CloudEvents stay in binary mode, so any other client reads them. */
export const createKafkaBus = (options: KafkaBusOptions): Bus => {
  const kafka = createClient(options, consumerPatience);
  const producer = createKafkaProducer(options);
  const queue = createPublishQueue((messages) => producer.send(messages));
  const subscriptions = new Set<Subscription>();
  const admin = createAdminConnection(options, 5);
  const pinger = createAdminConnection(options, 0);
  let closed = false;

  const guarded = async <T>(connection: AdminConnection, work: (admin: Admin) => Promise<T>): Promise<T> => {
    if (closed) throw new StasisError('BusUnavailable', 'This bus was closed.');
    try {
      return await work(await connection.get());
    } catch (error) {
      throw unavailable(options, error);
    }
  };

  const publish = async (messages: readonly BusMessage[]): Promise<void> => {
    if (closed) throw new StasisError('BusUnavailable', 'This bus was closed.');
    await queue.publish(messages);
  };

  return {
    kind: 'kafka',
    ensureTopics: (topics) =>
      guarded(admin, async (client) => {
        const wanted = topics.flatMap((spec) => [
          { topic: spec.topic, partitions: spec.partitions, retentionMs: spec.retentionMs },
          // What was set aside waits for a person, so it does not expire by itself.
          { topic: poisonTopicOf(spec.topic), partitions: 1, retentionMs: -1 },
        ]);
        const existing = new Set(await client.listTopics());
        const missing = wanted.filter(({ topic }) => !existing.has(topic));
        if (missing.length === 0) return;
        await client.createTopics({
          waitForLeaders: true,
          topics: missing.map(({ topic, partitions, retentionMs }) => ({
            topic,
            numPartitions: partitions,
            ...(retentionMs === undefined
              ? {}
              : { configEntries: [{ name: 'retention.ms', value: String(retentionMs) }] }),
          })),
        });
      }),
    partitionsOf: (topic) =>
      guarded(admin, async (client) => {
        const { topics } = await client.fetchTopicMetadata({ topics: [topic] });
        return topics[0]?.partitions.length ?? 0;
      }),
    publish,
    subscribe: async (subscribeOptions) => {
      const startAt = await guarded(admin, (client) =>
        whileLoading(() => placesToBegin(client, subscribeOptions), options.subscribeTimeoutMs ?? 120_000),
      );
      const subscription = await subscribeInKafka(
        {
          kafka,
          options,
          startAt,
          setAside: (message, reason) => publish([poisonMessage(message, subscribeOptions.group, reason)]),
        },
        subscribeOptions,
      );
      subscriptions.add(subscription);
      return subscription;
    },
    version: () => guarded(pinger, () => brokerVersion(options)),
    ping: () => guarded(pinger, async (client) => void (await client.describeCluster())),
    close: async () => {
      await Promise.all([...subscriptions].map((subscription) => subscription.stop()));
      await queue.drain();
      closed = true;
      await producer.close();
      await Promise.all([admin.close(), pinger.close()]);
    },
  };
};

/**
 * kafkajs looks up "latest" with its first fetch, which is after the group was joined; a message published in between
 * would be missed. So the end of each partition is looked up before.
 */
const placesToBegin = async (admin: Admin, options: SubscribeOptions): Promise<Map<number, string>> => {
  const places = new Map<number, string>();
  if (options.partition !== undefined && options.startAt !== undefined) {
    places.set(options.partition, options.startAt);
  } else if (options.from === 'latest') {
    const committed = await admin.fetchOffsets({ groupId: options.group, topics: [options.topic] });
    const fresh = new Set(
      committed.flatMap(({ partitions }) =>
        partitions.filter(({ offset }) => offset === '-1').map(({ partition }) => partition),
      ),
    );
    for (const { partition, high } of await admin.fetchTopicOffsets(options.topic)) {
      if (fresh.has(partition)) places.set(partition, high);
    }
  }
  return places;
};
