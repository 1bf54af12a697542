/** `npm run bench -- bus`: the Kafka adapter against a bare kafkajs loop with the same settings, in turns on one broker. */
import { randomUUID } from 'node:crypto';
import { availableParallelism, cpus } from 'node:os';
import { Kafka, Partitioners, logLevel } from 'kafkajs';
import { startKafka } from '@stasis/testing';
import { createKafkaBus } from '../src/kafka/index.ts';
import type { BusMessage } from '../src/port.ts';

const rounds = 15;
const batches = 60;
const batchSize = 500;
const singles = 100;

interface Figures {
  /** Messages a second: all of them published and then consumed, and each half alone. */
  readonly both: number;
  readonly published: number;
  readonly consumed: number;
  /** Milliseconds from publishing one message to its arrival. */
  readonly p50: number;
  readonly p99: number;
}

interface Side {
  publish(messages: readonly BusMessage[]): Promise<void>;
  consume(topic: string, onBatch: (count: number) => void): Promise<() => Promise<void>>;
}

/** Prints medians of both sides and their ratios. Uses KAFKA_BROKERS if set, else a broker of its own. */
export const run = async (): Promise<void> => {
  const named = process.env['KAFKA_BROKERS'];
  const own = named === undefined ? await startKafka({ own: true }) : undefined;
  const brokers = own?.brokers ?? (named ?? '').split(',');
  const bus = createKafkaBus({ brokers });
  const kafka = new Kafka({ brokers: [...brokers], logLevel: logLevel.NOTHING });
  const producer = kafka.producer({
    idempotent: true,
    maxInFlightRequests: 1,
    createPartitioner: Partitioners.DefaultPartitioner,
  });
  await producer.connect();

  const adapter: Side = {
    publish: (messages) => bus.publish(messages),
    consume: async (topic, onBatch) => {
      const subscription = await bus.subscribe({
        topic,
        group: randomUUID(),
        onBatch: async (messages) => onBatch(messages.length),
      });
      return () => subscription.stop();
    },
  };
  const bare: Side = {
    publish: async (messages) => {
      const topic = messages[0]?.topic ?? '';
      await producer.send({
        topic,
        acks: -1,
        messages: messages.map(({ key, value, headers }) => ({
          key,
          value: Buffer.from(value),
          headers: { ...headers },
        })),
      });
    },
    consume: async (topic, onBatch) => {
      const consumer = kafka.consumer({ groupId: randomUUID(), maxWaitTimeInMs: 500, sessionTimeout: 6000 });
      await consumer.connect();
      await consumer.subscribe({ topic, fromBeginning: true });
      const joined = new Promise<void>((resolve) => consumer.on('consumer.group_join', () => resolve()));
      // Reads key and headers as text, as whoever wants the event must.
      await consumer.run({
        eachBatch: async ({ batch }) => {
          const read = batch.messages.map(({ key, headers = {}, value }) => ({
            key: key?.toString(),
            headers: Object.fromEntries(Object.entries(headers).map(([name, text]) => [name, text?.toString()])),
            value,
          }));
          onBatch(read.length);
        },
      });
      await joined;
      return () => consumer.disconnect();
    },
  };

  try {
    const measured = { adapter: [] as Figures[], bare: [] as Figures[] };
    for (let round = 0; round <= rounds; round += 1) {
      // The first round warms up; then the sides take turns in going first.
      const order = round % 2 === 0 ? (['adapter', 'bare'] as const) : (['bare', 'adapter'] as const);
      for (const side of order) {
        const topic = `bench.${randomUUID()}`;
        await bus.ensureTopics([{ topic, partitions: 4 }]);
        const figures = await measure(side === 'adapter' ? adapter : bare, topic);
        if (round > 0) measured[side].push(figures);
      }
    }
    print(await bus.version(), measured);
  } finally {
    await bus.close();
    await producer.disconnect();
    await own?.stop();
  }
};

const message = (topic: string, n: number): BusMessage => ({
  topic,
  key: `key-${n % 64}`,
  headers: { ce_id: `evt_${n}`, ce_type: 'dev.stasis.bench.v1', 'content-type': 'application/json' },
  value: new TextEncoder().encode(JSON.stringify({ n, padding: 'x'.repeat(180) })),
});

const measure = async (side: Side, topic: string): Promise<Figures> => {
  const total = batches * batchSize;
  const work = Array.from({ length: batches }, (_, batch) =>
    Array.from({ length: batchSize }, (_, n) => message(topic, batch * batchSize + n)),
  );
  let begin = performance.now();
  for (const messages of work) await side.publish(messages);
  const publishMs = performance.now() - begin;

  let seen = 0;
  let arrived: () => void = () => {};
  let firstAt = 0;
  begin = performance.now();
  const done = Promise.withResolvers<number>();
  const stop = await side.consume(topic, (count) => {
    firstAt ||= performance.now();
    seen += count;
    if (seen === total) done.resolve(performance.now());
    if (seen > total) arrived();
  });
  const consumeMs = (await done.promise) - firstAt;

  const took: number[] = [];
  for (let n = 0; n < singles; n += 1) {
    const arrival = new Promise<void>((resolve) => (arrived = resolve));
    begin = performance.now();
    await Promise.all([side.publish([message(topic, n)]), arrival]);
    took.push(performance.now() - begin);
  }
  await stop();
  took.sort((a, b) => a - b);
  const rate = (ms: number): number => (total / ms) * 1000;
  return {
    both: rate(publishMs + consumeMs),
    published: rate(publishMs),
    consumed: rate(consumeMs),
    p50: took[singles / 2] ?? NaN,
    p99: took[Math.floor(singles * 0.99)] ?? NaN,
  };
};

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? NaN;

const print = (version: string, measured: Record<'adapter' | 'bare', readonly Figures[]>): void => {
  console.log(
    `bus: ${version}, kafkajs 2.2.4, Node ${process.version}, ${availableParallelism()} x ${cpus()[0]?.model ?? ''}`,
  );
  console.log(
    `medians of ${rounds} rounds, ${batches} x ${batchSize} messages of about 200 bytes, idempotent, acks=all`,
  );
  const row = (name: string, of: (figures: Figures) => number, digits: number, higherIsBetter: boolean): void => {
    const [adapter, bare] = [median(measured.adapter.map(of)), median(measured.bare.map(of))];
    const ratio = higherIsBetter ? adapter / bare : bare / adapter;
    console.log(
      `${name.padEnd(28)} adapter ${adapter.toFixed(digits).padStart(9)}  bare ${bare.toFixed(digits).padStart(9)}  ratio ${ratio.toFixed(2)}`,
    );
  };
  row('through, messages/s', (figures) => figures.both, 0, true);
  row('published, messages/s', (figures) => figures.published, 0, true);
  row('consumed, messages/s', (figures) => figures.consumed, 0, true);
  row('one message, p50 ms', (figures) => figures.p50, 2, false);
  row('one message, p99 ms', (figures) => figures.p99, 2, false);
};
