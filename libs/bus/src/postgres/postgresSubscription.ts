import { createDelivery } from '../delivery.ts';
import type { DeliveredMessage, SubscribeOptions, Subscription } from '../port.ts';
import { createConnection, isAway } from './connection.ts';

/** For what no notification tells: another member let go of a partition, or died. */
const slowPollMs = 1000;
const pruneEveryMs = 60_000;

interface Row {
  readonly offset: string;
  readonly key: string;
  readonly headers: Record<string, string>;
  readonly value: Buffer;
}

export interface SubscriptionContext {
  readonly connectionString: string;
  readonly schema: string;
  readonly partitions: number;
  readonly setAside: (message: DeliveredMessage, reason: unknown) => Promise<void>;
  readonly onError: (error: unknown) => void;
}

/** One connection that listens, and a loop per partition that fetches, hands over and acknowledges. */
export const subscribeInPostgres = async (
  context: SubscriptionContext,
  options: SubscribeOptions,
): Promise<Subscription> => {
  const { schema } = context;
  const { group, topic } = options;
  const delivery = createDelivery(options, context.setAside);
  let stopped = false;
  const sleepers = new Map<number, Set<() => void>>();
  const wake = (partition?: number): void => {
    for (const [number, resolves] of sleepers) {
      if (partition === undefined || number === partition) for (const resolve of resolves) resolve();
    }
  };
  /** Notifications that came while the loop of the partition was at work. */
  const rung = new Set<number>();

  const connection = createConnection(context.connectionString, `stasis bus ${group}`.slice(0, 60), async (client) => {
    client.on('notification', ({ payload = '' }) => {
      if (payload.slice(0, payload.lastIndexOf('/')) !== topic) return;
      const partition = Number(payload.slice(payload.lastIndexOf('/') + 1));
      rung.add(partition);
      wake(partition);
    });
    await client.query(`listen ${schema}`);
  });

  const sleep = async (partition: number, ms: number, interruptible: boolean): Promise<void> => {
    if (stopped) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, ms);
    // A pause after a failure is cut short only by the end, an idle wait also by news.
    const key = interruptible ? partition : -1;
    sleepers.set(key, (sleepers.get(key) ?? new Set()).add(resolve));
    await promise;
    clearTimeout(timer);
    sleepers.get(key)?.delete(resolve);
  };

  await connection.run((client) =>
    client.query(`select ${schema}.join_group($1, $2, $3, $4, $5)`, [
      group,
      topic,
      options.partition ?? null,
      options.from === 'latest',
      options.partition === undefined ? null : (options.startAt ?? null),
    ]),
  );

  const acknowledge = async (partition: number, nextOffset: string | null, release: boolean): Promise<void> => {
    await connection.run((client) =>
      client.query({
        name: 'acknowledge',
        text: `select ${schema}.acknowledge($1, $2, $3, $4, $5)`,
        values: [group, topic, partition, nextOffset, release],
      }),
    );
  };

  /** Resolves with whether there was anything, and the pause after a failure. */
  const handleNext = async (partition: number): Promise<{ any: boolean; pause?: number }> => {
    const { rows } = await connection.run((client) =>
      client.query<Row>({
        name: 'fetch',
        text: `select * from ${schema}.fetch($1, $2, $3, $4)`,
        values: [group, topic, partition, options.batchSize ?? 500],
      }),
    );
    if (rows.length === 0) return { any: false };
    const messages = rows.map((row): DeliveredMessage => ({ topic, partition, ...row }));
    let next: string | null = null;
    let pause: number | undefined;
    try {
      pause = await delivery.handle(
        messages,
        async (last) => {
          next = String(BigInt(last.offset) + 1n);
          if (last !== messages.at(-1)) await acknowledge(partition, next, false);
        },
        () => !stopped,
      );
    } finally {
      await acknowledge(partition, next, true);
    }
    return { any: true, ...(pause === undefined ? {} : { pause }) };
  };

  const loop = async (partition: number): Promise<void> => {
    let failures = 0;
    while (!stopped) {
      rung.delete(partition);
      try {
        const { any, pause } = await handleNext(partition);
        failures = 0;
        if (pause !== undefined) await sleep(partition, pause, false);
        else if (!any && !rung.has(partition)) await sleep(partition, slowPollMs, true);
      } catch (error) {
        if (!isAway(error)) context.onError(error);
        failures += 1;
        await sleep(partition, Math.min(100 * 2 ** failures, 2000), false);
      }
    }
  };

  const numbers =
    options.partition === undefined ? Array.from({ length: context.partitions }, (_, n) => n) : [options.partition];
  const loops = numbers.map(loop);
  const pruning = setInterval(() => {
    connection.run((client) => client.query(`select ${schema}.prune($1)`, [topic])).catch(context.onError);
  }, pruneEveryMs);
  pruning.unref();
  return {
    stop: async () => {
      stopped = true;
      clearInterval(pruning);
      wake();
      await Promise.all(loops);
      await connection.close();
    },
  };
};
