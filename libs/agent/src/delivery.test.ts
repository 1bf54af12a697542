import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { toMessage, topicSpecs, topics, type Bus } from '@stasis/bus';
import { createMemoryBroker, createMemoryBus, type MemoryBroker } from '@stasis/bus/memory';
import {
  canonicalBytes,
  newId,
  parseEvent,
  requestBytes,
  signRequest,
  type SignatureFault,
  typeOf,
  type EventData,
  type EventKey,
  type StasisEvent,
} from '@stasis/events';
import { newPrivateKey, type SigningKey, signingKeyOf } from '@stasis/proof';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { waitForAnswer } from './answers.ts';
import { eventOfMessage } from './eventMessage.ts';
import { startFactOutbox } from './factOutbox.ts';
import { factMaker } from './facts.ts';
import { partitionOfNode, type Identity } from './identity.ts';
import { Journal } from './journal.ts';
import { openNodeKeys, type NodeKeyring } from './nodeKey.ts';
import { startRequestIntake } from './requestIntake.ts';
import { startRequestRefusals, type RequestRefusals } from './requestRefusals.ts';
import { TrustedKeys } from './trustedKeys.ts';

const identity: Identity = { node: 'node-a', agent: 'checkpointer', instance: 'one', authid: newId('sub') };
let dir: string;
let broker: MemoryBroker;
let bus: Bus;
let journal: Journal;
let partition: number;
let apiKey: SigningKey;
let keys: NodeKeyring;
let refusals: RequestRefusals;

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'stasis-delivery-'));
  broker = createMemoryBroker();
  bus = createMemoryBus({ broker, publishTimeoutMs: 20 });
  await bus.ensureTopics(topicSpecs());
  journal = new Journal(join(dir, 'journal.sqlite'));
  partition = await partitionOfNode(bus, 'node-a');
  apiKey = await signingKeyOf(newPrivateKey());
  keys = openNodeKeys(dir);
  const fact = factMaker(identity);
  refusals = startRequestRefusals({ journal, fact, node: 'node-a', log: () => undefined });
});
afterEach(async () => {
  broker.comeBack();
  refusals.stop();
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

const eventOf = ([type, data]: [EventKey, unknown], subject: string, changes: object = {}): StasisEvent =>
  parseEvent({
    specversion: '1.0',
    id: newId('evt'),
    type: typeOf(type),
    source: '/stasis/api',
    subject,
    time: new Date().toISOString(),
    datacontenttype: 'application/json',
    ledger: 'default',
    authtype: 'user',
    authid: newId('sub'),
    correlationid: subject,
    recordedtime: new Date().toISOString(),
    data,
    ...changes,
  });

/** Signs an event for `node` and puts it on the partition of node-a under the key `node`. */
async function publish(node: string, what: [EventKey, unknown], subject: string): Promise<StasisEvent> {
  const event = eventOf(what, subject);
  await send(node, await signRequest(event, node, apiKey), event.data);
  return event;
}

const send = (key: string, attributes: Readonly<Record<string, string>>, data: unknown): Promise<void> =>
  bus.publish([toMessage(topics.requests, key, attributes, canonicalBytes(data), partition)]);

const intake = (agent: Identity['agent'] = 'checkpointer') =>
  startRequestIntake({
    journal,
    bus,
    identity: { ...identity, agent },
    partition,
    trusted: new TrustedKeys(journal, [apiKey]),
    refusals,
    log: () => undefined,
    onRequests: () => undefined,
  });
const open = () => journal.openRequests().map(({ event }) => event);
/** Faults that the node told of, in order. */
const told = () =>
  journal.facts().map(({ data }) => {
    const { why, count } = data as EventData<'signature.refused'>;
    return [why, count];
  });

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

type Attributes = Record<string, string>;

describe('a request that is not believed', () => {
  /** A good request for node-a as attributes and data. */
  const good = async (changes: object = {}): Promise<{ attributes: Attributes; data: unknown; event: StasisEvent }> => {
    const event = eventOf(request('node-a'), newId('ckp'), changes);
    return { attributes: await signRequest(event, 'node-a', apiKey), data: event.data, event };
  };
  /** Signs attributes again as the api would, with a key of one's own choice. */
  const resign = async (attributes: Attributes, data: unknown, key = apiKey): Promise<Attributes> => {
    const { signature: _, ...rest } = attributes;
    const own = { ...rest, signaturekeyid: key.keyId };
    return { ...own, signature: await key.sign(requestBytes(own, data)) };
  };
  const cases: [string, SignatureFault, () => Promise<{ attributes: Attributes; data: unknown }>][] = [
    [
      'nobody signed',
      'Unsigned',
      async () => {
        const {
          attributes: { signature: _, ...rest },
          data,
        } = await good();
        return { attributes: rest, data };
      },
    ],
    [
      "a key signed that is not the api's",
      'UnknownKey',
      async () => {
        const { attributes, data } = await good();
        return { attributes: await resign(attributes, data, await signingKeyOf(newPrivateKey())), data };
      },
    ],
    [
      'had its data changed',
      'BadSignature',
      async () => {
        const { attributes, data } = await good();
        return { attributes, data: { ...(data as object), leaveRunning: false } };
      },
    ],
    [
      'had its subject changed',
      'BadSignature',
      async () => {
        const { attributes, data } = await good();
        return { attributes: { ...attributes, subject: newId('ckp') }, data };
      },
    ],
    [
      'had its expiry changed',
      'BadSignature',
      async () => {
        const { attributes, data } = await good();
        return { attributes: { ...attributes, expirytime: '2999-01-01T00:00:00Z' }, data };
      },
    ],
    [
      'the api signed for another node',
      'WrongNode',
      async () => {
        const { event, data } = await good();
        return { attributes: await signRequest(event, 'node-b', apiKey), data };
      },
    ],
    [
      'the api signed for this node about another',
      'WrongNode',
      async () => {
        const event = eventOf(request('node-b'), newId('ckp'));
        return { attributes: await signRequest(event, 'node-a', apiKey), data: event.data };
      },
    ],
    [
      'is signed with a verb that no node is asked',
      'WrongVerb',
      async () => {
        const event = eventOf(['checkpoint.accepted', { attempt: 1 }], newId('ckp'));
        return { attributes: await signRequest(event, 'node-a', apiKey), data: event.data };
      },
    ],
    [
      'is signed with another verb than its data is of',
      'Malformed',
      async () => {
        const { attributes, data } = await good();
        return { attributes: await resign({ ...attributes, type: typeOf('checkpoint.canceled') }, data), data };
      },
    ],
    [
      'is signed and has expired',
      'Expired',
      async () => {
        const { attributes, data } = await good();
        return { attributes: await resign({ ...attributes, expirytime: '2026-01-01T00:00:00Z' }, data), data };
      },
    ],
    [
      'is signed and has an id that is none',
      'Malformed',
      async () => {
        const { attributes, data } = await good();
        return { attributes: await resign({ ...attributes, id: 'evt_1' }, data), data };
      },
    ],
  ];

  it.each(cases)('because it %s is not done, counted and told: %s', async (_what, why, make) => {
    const subscription = await intake();
    const { attributes, data } = await make();
    await send('node-a', attributes, data);
    const after = await publish('node-a', request('node-a'), newId('ckp'));
    await expect.poll(open).toEqual([after]);
    expect(told()).toEqual([[why, 1]]);
    expect(refusals.total).toBe(1);
    await subscription.stop();
  });

  it('because it was seen before is not done again, whatever became of the first', async () => {
    const subscription = await intake();
    const { attributes, data, event } = await good();
    await send('node-a', attributes, data);
    await expect.poll(open).toEqual([event]);
    await journal.commit((tx) => {
      tx.end(event.id);
      tx.prune(0);
    });
    for (let n = 0; n < 50; n += 1) await send('node-a', attributes, data);
    await expect.poll(() => refusals.total).toBe(50);
    expect(open()).toEqual([]);
    expect(told()).toEqual([['Replayed', 1]]);
    await subscription.stop();
  });

  it.each(['checkpoint.canceled', 'checkpoint.voided', 'checkpoint.verified'] as const)(
    'ends nothing and lets nothing end when it is a %s that nobody signed',
    async (key) => {
      const subscription = await intake();
      const asked = await publish('node-a', request('node-a'), newId('ckp'));
      const data = {
        'checkpoint.canceled': { node: 'node-a' },
        'checkpoint.voided': { node: 'node-a', reason: 'OutcomeUnknown', message: 'x' },
        'checkpoint.verified': { manifestDigest: `sha256:${'0'.repeat(64)}`, bytes: 1, durationMs: 1 },
      }[key];
      const source = key === 'checkpoint.verified' ? '/stasis/nodes/node-a' : '/stasis/api';
      const event = eventOf([key, data], asked.subject, { source });
      const { signature: _, ...unsigned } = await signRequest(event, 'node-a', apiKey);
      await send('node-a', unsigned, event.data);
      await expect.poll(told).toEqual([['Unsigned', 1]]);
      expect(open()).toEqual([asked]);
      expect(journal.answersFor(asked.subject)).toEqual([]);
      await subscription.stop();
    },
  );

  it('is told by the agent that it would be for, and by it alone', async () => {
    const subscription = await intake('restorer');
    const {
      attributes: { signature: _, ...unsigned },
      data,
    } = await good();
    await send('node-a', unsigned, data);
    const stop = eventOf(
      [
        'container.requested',
        { container: 'node-a/x', node: 'node-a', verb: 'stop', deadline: new Date().toISOString() },
      ],
      'node-a/x',
    );
    const { signature: __, ...alsoUnsigned } = await signRequest(stop, 'node-a', apiKey);
    await send('node-a', alsoUnsigned, stop.data);
    await expect.poll(told).toEqual([['Unsigned', 1]]);
    expect(journal.facts()[0]?.data).toMatchObject({ type: stop.type, message: stop.id });
    await subscription.stop();
  });
});

describe('a new key of the api', () => {
  it('is believed from when a believed one published it, and no longer once it is retired', async () => {
    const next = await signingKeyOf(newPrivateKey());
    const { keyId, publicKey } = next;
    const subscription = await intake();
    const signedByNext = async (): Promise<StasisEvent> => {
      const event = eventOf(request('node-a'), newId('ckp'));
      await send('node-a', await signRequest(event, 'node-a', next), event.data);
      return event;
    };
    await signedByNext();
    const published = eventOf(['signingkey.published', { keyId, publicKey }], 'api', { ledger: 'system' });
    await send('node-a', await signRequest(published, 'node-a', apiKey), published.data);
    const good = await signedByNext();
    await expect.poll(open).toEqual([good]);
    const retired = eventOf(['signingkey.retired', { keyId: apiKey.keyId }], 'api', { ledger: 'system' });
    await send('node-a', await signRequest(retired, 'node-a', next), retired.data);
    await publish('node-a', request('node-a'), newId('ckp'));
    await expect.poll(() => refusals.total).toBe(2);
    await subscription.stop();
    // What was learned survives the agent.
    const again = await intake();
    const later = await signedByNext();
    await expect.poll(open).toEqual([good, later]);
    await publish('node-a', request('node-a'), newId('ckp'));
    await expect.poll(() => refusals.total).toBe(3);
    await again.stop();
  });
});

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
    const outbox = startFactOutbox({ journal, bus, sign: keys.sign, log: () => undefined, retryMs: 5 });
    const fact = factMaker(identity);
    const subject = newId('ckp');
    const facts = [1, 2, 3].map((attempt) => fact('checkpoint.accepted', subject, { attempt }));
    for (const one of facts) await journal.commit((tx) => tx.fact(one));
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(journal.unsentFacts(10)).toHaveLength(3);
    broker.comeBack();
    await outbox.drained(5000);
    const sent = broker.topic(topics.facts).flatMap(({ messages }) => messages.map(eventOfMessage));
    expect(sent).toEqual(await Promise.all(facts.map(keys.sign)));
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
    const first = startFactOutbox({ journal, bus: dies, sign: keys.sign, log: () => undefined, retryMs: 60_000 });
    await expect.poll(() => broker.topic(topics.facts).flatMap(({ messages }) => messages).length).toBe(1);
    await first.stop();
    const second = startFactOutbox({ journal, bus, sign: keys.sign, log: () => undefined });
    await second.drained(5000);
    await second.stop();
    const ids = broker.topic(topics.facts).flatMap(({ messages }) => messages.map((m) => eventOfMessage(m).id));
    expect(ids).toEqual([fact.id, fact.id]);
  });
});
