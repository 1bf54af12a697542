// `npm run bench -- dispatch`: from the first byte of POST /v1/checkpoints to the runtime call starting on the node, at 5
// requests a second over Kafka, next to a bare kafkajs produce-to-consume in the same run.
//
// The runtime call's start is read where it happens: the platform runs a runsc that notes the time and becomes runsc.
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient, type Client } from '@stasis/api-contract';
import { locateRunsc } from '@stasis/runtime/runsc';
import { Kafka, logLevel } from 'kafkajs';
import { up } from '../../apps/cli/src/up/index.ts';
import { makeHome, removeHome } from '../../apps/cli/src/demo/home.ts';
import { machine, percentile } from './figures.ts';

const requests = 100;
const everyMs = 200;
const containers = 4;
const node = 'node-a';

export async function run(): Promise<void> {
  const home = makeHome('dispatch');
  const starts = path.join(home, 'starts');
  writeFileSync(starts, '');
  process.env['STASIS_RUNSC'] = writeNotingRunsc(home, starts, locateRunsc());
  const platform = await up({ home, bus: 'kafka', nodes: [node], listen: '127.0.0.1:0' });
  const client = createClient({ server: platform.url, token: platform.token });
  try {
    const names = Array.from({ length: containers }, (_, n) => `d-${n}`);
    for (const name of names) await client.requestStart({ body: { node, name, command: ['/bin/sleep', '3600'] } });
    for (const id of names)
      await ended(async () => (await client.getContainer({ params: { node, id } })).status === 'running');
    await measure(client, names, starts, 10); // warms up
    const dispatch = await measure(client, names, starts, requests);
    const bare = await bareKafka(platform.kafkaBrokers ?? '');
    const line = (what: string, ms: readonly number[]) =>
      console.log(
        `${what.padEnd(44)}${percentile(ms, 50).toFixed(1).padStart(8)}${percentile(ms, 99).toFixed(1).padStart(8)}`,
      );
    console.log(`${machine()}\n${requests} requests, one each ${everyMs} ms, over Kafka; milliseconds`);
    console.log(`${''.padEnd(44)}${'p50'.padStart(8)}${'p99'.padStart(8)}`);
    line('request to runtime call (bars: 40 and 200)', dispatch);
    line('bare kafkajs, produce to consume', bare);
    for (const id of names) await client.requestRemove({ params: { node, id } });
    await ended(async () => (await client.listContainers({ query: { node } })).items.length === 0);
  } finally {
    await platform.stop();
    await removeHome(home);
  }
}

/** One request at a time and a container, so that the n-th start noted is the n-th request's. */
async function measure(client: Client, names: readonly string[], starts: string, count: number): Promise<number[]> {
  const took: number[] = [];
  for (let n = 0; n < count; n++) {
    const noted = readFileSync(starts, 'utf8').length;
    const began = Date.now();
    const container = `${node}/${names[n % names.length]}`;
    const { id } = await client.requestCheckpoint({ body: { container, leaveRunning: true, reason: 'bench' } });
    await ended(async () => (await client.getCheckpoint({ params: { id } })).endedAt !== undefined);
    const start = Number(readFileSync(starts, 'utf8').slice(noted).split('\n')[0]) / 1e6;
    if (start < began) throw new Error(`the runtime call of ${id} was not seen`);
    took.push(start - began);
    await sleep(Math.max(0, began + everyMs - Date.now()));
  }
  return took;
}

function writeNotingRunsc(home: string, starts: string, runsc: string): string {
  const file = path.join(home, 'runsc');
  writeFileSync(
    file,
    `#!/bin/sh\ncase " $* " in *" checkpoint "*) date +%s%N >>'${starts}';; esac\nexec '${runsc}' "$@"\n`,
  );
  chmodSync(file, 0o755);
  return file;
}

async function bareKafka(brokers: string): Promise<number[]> {
  const kafka = new Kafka({ brokers: brokers.split(','), logLevel: logLevel.NOTHING });
  const admin = kafka.admin();
  await admin.connect();
  const topic = `bench-${Date.now()}`;
  await admin.createTopics({ topics: [{ topic, numPartitions: 1, replicationFactor: 1 }] });
  const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1 });
  const consumer = kafka.consumer({ groupId: topic });
  await Promise.all([producer.connect(), consumer.connect()]);
  await consumer.subscribe({ topic, fromBeginning: true });
  const took: number[] = [];
  await consumer.run({
    eachMessage: async ({ message }) => {
      took.push(performance.now() - Number(message.value));
    },
  });
  for (let n = 0; n < 60; n++) {
    await producer.send({ topic, acks: -1, messages: [{ value: String(performance.now()) }] });
    await sleep(20);
  }
  await ended(async () => took.length === 60);
  await Promise.all([producer.disconnect(), consumer.disconnect()]);
  await admin.deleteTopics({ topics: [topic] });
  await admin.disconnect();
  return took.slice(10);
}

async function ended(condition: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + 60_000;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error('not within a minute');
    await sleep(10);
  }
}
