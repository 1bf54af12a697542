import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openBus, toMessage, topicSpecs, topics, type Bus } from '@stasis/bus';
import { canonicalBytes, newId, parseEvent, signRequest, typeOf, type StasisEvent } from '@stasis/events';
import { newPrivateKey, signingKeyOf } from '@stasis/proof';
import { kafkaIsAvailable, startKafka, startPostgres } from '@stasis/testing';
import { describe, expect, it, vi } from 'vitest';
import { factMaker } from './facts.ts';
import { partitionOfNode, type Identity } from './identity.ts';
import { Journal } from './journal.ts';
import { startRequestIntake } from './requestIntake.ts';
import { startRequestRefusals } from './requestRefusals.ts';
import { TrustedKeys } from './trustedKeys.ts';

vi.setConfig({ testTimeout: 120_000 });

const hasKafka = await kafkaIsAvailable();

const identity: Identity = { node: 'node-a', agent: 'checkpointer', instance: 'one', authid: newId('sub') };
const request = (): StasisEvent => {
  const subject = newId('ckp');
  const deadline = new Date(Date.now() + 60_000).toISOString();
  const run = { container: 'node-a/web €', node: 'node-a', run: 'r', generation: 1, leaveRunning: true };
  return parseEvent({
    specversion: '1.0',
    id: newId('evt'),
    type: typeOf('checkpoint.requested'),
    source: '/stasis/api',
    subject,
    time: deadline,
    datacontenttype: 'application/json',
    ledger: 'default',
    authtype: 'user',
    authid: newId('sub'),
    correlationid: subject,
    recordedtime: deadline,
    data: { ...run, labels: { b: '1', a: 'ä' }, deadline },
  });
};

/** A good request, then a forged one, one for another node, a replay and a good one again. */
async function exchange(bus: Bus): Promise<{ taken: StasisEvent[]; good: StasisEvent[]; told: unknown[] }> {
  const dir = mkdtempSync(join(tmpdir(), 'stasis-signed-'));
  const journal = new Journal(join(dir, 'journal.sqlite'));
  const fact = factMaker(identity);
  const refusals = startRequestRefusals({ journal, fact, node: 'node-a', log: () => undefined });
  try {
    await bus.ensureTopics(topicSpecs());
    const partition = await partitionOfNode(bus, 'node-a');
    const [key, forger] = [await signingKeyOf(newPrivateKey()), await signingKeyOf(newPrivateKey())];
    const subscription = await startRequestIntake({
      journal,
      bus,
      identity,
      partition,
      trusted: new TrustedKeys(journal, [key]),
      refusals,
      log: () => undefined,
      onRequests: () => undefined,
    });
    const [first, second] = [request(), request()];
    const send = async (event: StasisEvent, node = 'node-a', signer = key): Promise<void> => {
      const attributes = await signRequest(event, node, signer);
      await bus.publish([toMessage(topics.requests, 'node-a', attributes, canonicalBytes(event.data), partition)]);
    };
    await send(first);
    await send(request(), 'node-a', forger);
    await send(request(), 'node-b');
    await send(first);
    await send(second);
    const taken = (): StasisEvent[] => journal.openRequests().map(({ event }) => event);
    await expect.poll(() => taken().length, { timeout: 60_000 }).toBe(2);
    await subscription.stop();
    return {
      taken: taken(),
      good: [first, second],
      told: journal.facts().map(({ data }) => 'why' in data && data.why),
    };
  } finally {
    refusals.stop();
    journal.close();
    rmSync(dir, { recursive: true, force: true });
  }
}

describe('signed requests', () => {
  it('are taken from the Postgres bus, and nothing else is', async () => {
    const postgres = await startPostgres();
    const bus = await openBus({ STASIS_BUS: 'postgres', DATABASE_URL: await postgres.createDatabase() });
    try {
      const { taken, good, told } = await exchange(bus);
      expect(taken).toEqual(good);
      expect(told).toEqual(['UnknownKey', 'WrongNode', 'Replayed']);
    } finally {
      await bus.close();
      await postgres.stop();
    }
  });

  it.skipIf(process.env['CI'] !== 'true' && !hasKafka)('are taken from Kafka, and nothing else is', async () => {
    const kafka = await startKafka({ own: true });
    const bus = await openBus({ STASIS_BUS: 'kafka', KAFKA_BROKERS: kafka.brokers.join(',') });
    try {
      const { taken, good, told } = await exchange(bus);
      expect(taken).toEqual(good);
      expect(told).toEqual(['UnknownKey', 'WrongNode', 'Replayed']);
    } finally {
      await bus.close();
      await kafka.stop();
    }
  });
});
