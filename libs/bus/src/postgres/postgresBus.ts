import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { StasisError } from '@stasis/errors';
import { partitionOf } from '../partitionOf.ts';
import { poisonMessage, poisonTopicOf } from '../poison.ts';
import type { Bus, BusMessage, Subscription } from '../port.ts';
import { createPublishQueue } from '../publishQueue.ts';
import { createConnection, isAway, unavailable } from './connection.ts';
import { checkName, installSchema } from './installSchema.ts';
import { subscribeInPostgres } from './postgresSubscription.ts';

export interface PostgresBusOptions {
  readonly connectionString: string;
  /** Default `stasis_bus`. */
  readonly schema?: string;
  readonly publishTimeoutMs?: number;
  /** Told what went wrong inside a subscription that goes on by itself. Default: nobody. */
  readonly onError?: (error: unknown) => void;
}

/**
 * The bus of one machine. Makes its schema when first used (a login with only EXECUTE finds it made, see
 * `createBusLogin`). Publishing a call again after its answer was lost appends nothing.
 */
export const createPostgresBus = (options: PostgresBusOptions): Bus => {
  const schema = checkName('schema', options.schema ?? 'stasis_bus');
  const { connectionString } = options;
  const connection = createConnection(connectionString, 'stasis bus', (client) => installSchema(client, schema));
  const subscriptions = new Set<Subscription>();
  const partitionCounts = new Map<string, number>();
  const producer = randomUUID();
  let sequence = 0;
  let closed = false;

  const guarded = async <T>(work: () => Promise<T>): Promise<T> => {
    if (closed) throw new StasisError('BusUnavailable', 'This bus was closed.');
    try {
      return await work();
    } catch (error) {
      throw unavailable(connectionString, error);
    }
  };

  const lookUp = async (topic: string): Promise<number | undefined> => {
    const { rows } = await connection.run((client) =>
      client.query<{ n: number | null }>(`select ${schema}.partitions_of($1) as n`, [topic]),
    );
    return rows[0]?.n ?? undefined;
  };

  const partitionsOf = async (topic: string): Promise<number> => {
    const known = partitionCounts.get(topic);
    if (known !== undefined) return known;
    const found = await lookUp(topic);
    if (found === undefined) {
      throw new StasisError('BusUnavailable', `The topic "${topic}" does not exist.`, {
        next: 'Call ensureTopics first.',
      });
    }
    partitionCounts.set(topic, found);
    return found;
  };

  const append = async (messages: readonly BusMessage[], number: number): Promise<void> => {
    const partitions: number[] = [];
    for (const message of messages) {
      partitions.push(message.partition ?? partitionOf(message.key, await partitionsOf(message.topic)));
    }
    await connection.run((client) =>
      client.query({
        name: 'publish',
        text: `select ${schema}.publish($1, $2, $3, $4, $5, $6, $7)`,
        values: [
          producer,
          number,
          messages.map((message) => message.topic),
          partitions,
          messages.map((message) => message.key),
          JSON.stringify(messages.map((message) => message.headers)),
          messages.map((message) =>
            Buffer.from(message.value.buffer, message.value.byteOffset, message.value.byteLength),
          ),
        ],
      }),
    );
  };

  const queue = createPublishQueue(async (messages) => {
    const deadline = Date.now() + (options.publishTimeoutMs ?? 120_000);
    const number = (sequence += 1);
    for (let pause = 50; ; pause = Math.min(pause * 2, 1000)) {
      try {
        await append(messages, number);
        return;
      } catch (error) {
        if (!isAway(error) || Date.now() + pause > deadline || closed) throw unavailable(connectionString, error);
      }
      await sleep(pause);
    }
  });

  const publish = async (messages: readonly BusMessage[]): Promise<void> => {
    if (closed) throw new StasisError('BusUnavailable', 'This bus was closed.');
    await queue.publish(messages);
  };

  return {
    kind: 'postgres',
    ensureTopics: (topics) =>
      guarded(async () => {
        const wanted = topics.flatMap((spec) => [
          spec,
          { topic: poisonTopicOf(spec.topic), partitions: 1, retentionMs: undefined },
        ]);
        for (const spec of wanted) {
          // A login that may not make topics is content when they are there.
          if ((await lookUp(spec.topic)) !== undefined) continue;
          const values = [spec.topic, spec.partitions, spec.retentionMs ?? null];
          await connection.run((client) => client.query(`select ${schema}.ensure_topic($1, $2, $3)`, values));
        }
      }),
    partitionsOf: (topic) => guarded(() => partitionsOf(topic)),
    publish,
    subscribe: (subscribeOptions) =>
      guarded(async () => {
        const subscription = await subscribeInPostgres(
          {
            connectionString,
            schema,
            partitions: await partitionsOf(subscribeOptions.topic),
            setAside: (message, reason) => publish([poisonMessage(message, subscribeOptions.group, reason)]),
            onError: options.onError ?? (() => {}),
          },
          subscribeOptions,
        );
        subscriptions.add(subscription);
        return subscription;
      }),
    version: () =>
      guarded(async () => {
        const { rows } = await connection.run((client) =>
          client.query<{ server_version: string }>('show server_version'),
        );
        return `Postgres ${rows[0]?.server_version ?? ''}`;
      }),
    ping: () => guarded(async () => void (await connection.run((client) => client.query('select 1')))),
    close: async () => {
      await Promise.all([...subscriptions].map((subscription) => subscription.stop()));
      await queue.drain();
      closed = true;
      await connection.close();
    },
  };
};
