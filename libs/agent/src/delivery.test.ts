import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { toMessage, topicSpecs, topics, type Bus } from '@stasis/bus';
import { createMemoryBroker, createMemoryBus, type MemoryBroker } from '@stasis/bus/memory';
import {
  canonicalBytes,
  newId,
  parseEvent,
  typeOf,
  type EventData,
  type EventKey,
  type StasisEvent,
} from '@stasis/events';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { waitForAnswer } from './answers.ts';
import { eventOfMessage } from './eventMessage.ts';
import { startFactOutbox } from './factOutbox.ts';
import { factMaker } from './facts.ts';
import { partitionOfNode, type Identity } from './identity.ts';
import { Journal } from './journal.ts';
import { startRequestIntake } from './requestIntake.ts';

const identity: Identity = { node: 'node-a', agent: 'checkpointer', instance: 'one', authid: newId('sub') };
let dir: string;
let broker: MemoryBroker;
let bus: Bus;
let journal: Journal;
let partition: number;

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'stasis-delivery-'));
  broker = createMemoryBroker();
  bus = createMemoryBus({ broker, publishTimeoutMs: 20 });
  await bus.ensureTopics(topicSpecs());
  journal = new Journal(join(dir, 'journal.sqlite'));
  partition = await partitionOfNode(bus, 'node-a');
});
afterEach(async () => {
  broker.comeBack();
  await bus.close();
  journal.close();
  rmSync(dir, { recursive: true, force: true });
});

const request = (node: string, leaveRunning = true): [EventKey, EventData<'checkpoint.requested'>] => [
  'checkpoint.requested',
  {
    container: `${node}/web-1`,
    node,
    run: 'r',
    generation: 1,
    leaveRunning,
    labels: {},
    deadline: new Date().toISOString(),
  },
];

async function publish(key: string, [type, data]: [EventKey, unknown], subject: string): Promise<StasisEvent> {
  const id = newId('evt');
  const attributes = {
    specversion: '1.0',
    id,
    type: typeOf(type),
    source: '/stasis/api',
    subject,
    time: new Date().toISOString(),
    ledger: 'default',
    authtype: 'user',
    authid: newId('sub'),
    correlationid: subject,
    recordedtime: new Date().toISOString(),
    position: '7',
  };
  await bus.publish([toMessage(topics.requests, key, attributes, canonicalBytes(data), partition)]);
  const { position: _, ...rest } = attributes;
  return parseEvent({ ...rest, datacontenttype: 'application/json', data });
}

const intake = () =>
  startRequestIntake({ journal, bus, identity, partition, log: () => undefined, onRequests: () => undefined });
const open = () => journal.openRequests().map(({ event }) => event);

describe('the request intake', () => {
  it('journals what is meant for this agent and passes over the rest', async () => {
    const subscription = await intake();
    await publish('node-b', request('node-b'), newId('ckp'));
    await publish(
      'node-a',
      [
        'container.requested',
        { container: 'node-a/x', node: 'node-a', verb: 'stop', deadline: new Date().toISOString() },
      ],
      'node-a/x',
    );
    const mine = await publish('node-a', request('node-a'), newId('ckp'));
    await expect.poll(open).toEqual([mine]);
    expect(journal.nextOffset(topics.requests, partition)).toBe('3');
    await subscription.stop();
  });

  it('goes on after the offset in the journal, whatever the group has committed', async () => {
    const first = await publish('node-a', request('node-a'), newId('ckp'));
    await (await untilOpen(1)).stop();
    const second = await publish('node-a', request('node-a'), newId('ckp'));
    // As if the group had lost its offset: the journal knows better.
    identityGroupLosesItsOffset();
    await (await untilOpen(2)).stop();
    expect(open()).toEqual([first, second]);
  });

  it('drops a request that was canceled before it was begun, and keeps the answer', async () => {
    const subscription = await intake();
    const subject = newId('ckp');
    await publish('node-a', request('node-a'), subject);
    await publish('node-a', ['checkpoint.canceled', { node: 'node-a' }], subject);
    const answer = await waitForAnswer(journal, subject, ['checkpoint.canceled'], 5000);
    expect(answer?.subject).toBe(subject);
    expect(open()).toEqual([]);
    await subscription.stop();
  });
});

async function untilOpen(count: number) {
  const subscription = await intake();
  await expect.poll(() => open().length).toBe(count);
  return subscription;
}
const identityGroupLosesItsOffset = () => broker.topic(topics.requests)[partition]?.offsets.clear();

describe('waiting for an answer', () => {
  it('prefers an ending to the go-ahead, and gives up in time or when told to', async () => {
    const subject = newId('ckp');
    const fact = factMaker(identity);
    const verified = { manifestDigest: `sha256:${'0'.repeat(64)}`, bytes: 1, durationMs: 1 };
    const keys = ['checkpoint.voided', 'checkpoint.verified'] as const;
    expect(await waitForAnswer(journal, subject, keys, 20)).toBeUndefined();
    const stop = new AbortController();
    const waiting = waitForAnswer(journal, subject, keys, 60_000, stop.signal);
    stop.abort();
    expect(await waiting).toBeUndefined();
    await journal.commit((tx) => {
      tx.answer(fact('checkpoint.verified', subject, verified));
      tx.answer(fact('checkpoint.voided', subject, { node: 'node-a', reason: 'OutcomeUnknown', message: 'late' }));
    });
    expect((await waitForAnswer(journal, subject, keys, 20))?.type).toBe(typeOf('checkpoint.voided'));
  });
});

describe('the fact outbox', () => {
  it('sends in order what waited while the broker was away', async () => {
    broker.goDown();
    const outbox = startFactOutbox({ journal, bus, log: () => undefined, retryMs: 5 });
    const fact = factMaker(identity);
    const subject = newId('ckp');
    const told = [1, 2, 3].map((attempt) => fact('checkpoint.accepted', subject, { attempt }));
    for (const one of told) await journal.commit((tx) => tx.fact(one));
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(journal.unsentFacts(10)).toHaveLength(3);
    broker.comeBack();
    await outbox.drained(5000);
    const sent = broker.topic(topics.facts).flatMap(({ messages }) => messages.map(eventOfMessage));
    expect(sent).toEqual(told);
    await outbox.stop();
  });

  it('sends again, under the same id, what was published but not marked', async () => {
    const fact = factMaker(identity)('checkpoint.accepted', newId('ckp'), { attempt: 1 });
    await journal.commit((tx) => tx.fact(fact));
    const dies: Bus = {
      ...bus,
      publish: async (messages) => {
        await bus.publish(messages);
        throw new Error('the agent dies here');
      },
    };
    const first = startFactOutbox({ journal, bus: dies, log: () => undefined, retryMs: 60_000 });
    await expect.poll(() => broker.topic(topics.facts).flatMap(({ messages }) => messages).length).toBe(1);
    await first.stop();
    const second = startFactOutbox({ journal, bus, log: () => undefined });
    await second.drained(5000);
    await second.stop();
    const ids = broker.topic(topics.facts).flatMap(({ messages }) => messages.map((m) => eventOfMessage(m).id));
    expect(ids).toEqual([fact.id, fact.id]);
  });
});
