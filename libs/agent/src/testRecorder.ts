import { partitionOf, toMessage, topics, type Bus } from '@stasis/bus';
import {
  canonicalBytes,
  domainEventOf,
  keyOf,
  newId,
  parseEvent,
  signRequest,
  typeOf,
  type EventData,
  type EventKey,
  type StasisEvent,
} from '@stasis/events';
import {
  checkpointFactKeys,
  evolveCheckpoint,
  noCheckpoint,
  nodeToTell,
  outcomes,
  recordCheckpointFact,
  type CheckpointFact,
  type CheckpointState,
} from '@stasis/lifecycle';
import type { SigningKey } from '@stasis/proof';
import { eventOfMessage } from './eventMessage.ts';

export interface TestRecorder {
  /** Every fact that came over the bus, in order, also second deliveries. */
  readonly facts: StasisEvent[];
  /** While true, facts are seen but nothing is recorded: nobody answers the node. */
  silent: boolean;
  /** Publishes an event of the api to a node. */
  tell<K extends EventKey>(key: K, subject: string, data: EventData<K>, id?: string): Promise<StasisEvent>;
  /** The first fact of this kind about the subject. @throws Error after `timeoutMs`, listing what came instead */
  fact<K extends EventKey>(key: K, subject: string, timeoutMs?: number): Promise<StasisEvent & StasisEvent<K>>;
  factsAbout(subject: string): string[];
  /** Those of its facts that end a checkpoint or a restore. */
  endsOf(subject: string): string[];
  /** Decides on a fact that came while the recorder was silent, and answers the node. */
  repeat(key: EventKey, subject: string): Promise<void>;
}

const isCheckpointFact = (key: EventKey): key is CheckpointFact['key'] =>
  (checkpointFactKeys as readonly string[]).includes(key);

/** Stands in for the api in tests: decides on facts with the real deciders, and answers nodes as the relay does, signed with `key`. */
export async function startTestRecorder(bus: Bus, key: SigningKey): Promise<TestRecorder> {
  const facts: StasisEvent[] = [];
  const states = new Map<string, CheckpointState>();
  const partitions = await bus.partitionsOf(topics.requests);

  const send = async (event: StasisEvent): Promise<void> => {
    const node = nodeToTell(event);
    if (node === undefined) return;
    const attributes = await signRequest(event, node, key);
    const partition = partitionOf(node, partitions);
    await bus.publish([toMessage(topics.requests, node, attributes, canonicalBytes(event.data), partition)]);
  };
  const record = async (event: StasisEvent): Promise<void> => {
    const state = states.get(event.subject) ?? noCheckpoint;
    states.set(event.subject, evolveCheckpoint(state, domainEventOf(event)));
    await send(event);
  };
  const made = <K extends EventKey>(
    key: K,
    subject: string,
    data: EventData<K>,
    source: string,
    id = newId('evt') as string,
  ): StasisEvent =>
    parseEvent({
      specversion: '1.0',
      id,
      type: typeOf(key),
      source,
      subject,
      time: new Date().toISOString(),
      datacontenttype: 'application/json',
      ledger: 'default',
      authtype: 'user',
      authid: newId('sub'),
      correlationid: subject.slice(0, 64),
      data,
    });

  const decide = async (fact: StasisEvent): Promise<void> => {
    const domain = domainEventOf(fact);
    if (!isCheckpointFact(domain.key)) return;
    const state = states.get(fact.subject) ?? noCheckpoint;
    for (const decided of recordCheckpointFact(state, domain as CheckpointFact, fact.id))
      await record(decided.key === domain.key ? fact : made(decided.key, fact.subject, decided.data, '/stasis/api'));
  };

  const recorder: TestRecorder = {
    facts,
    silent: false,
    tell: async (key, subject, data, id) => {
      const event = made(key, subject, data, '/stasis/api', id);
      await record(event);
      return event;
    },
    fact: async <K extends EventKey>(key: K, subject: string, timeoutMs = 10_000) => {
      const end = performance.now() + timeoutMs;
      for (;;) {
        const found = facts.find((fact) => fact.subject === subject && keyOf(fact.type) === key);
        if (found !== undefined) return found as StasisEvent & StasisEvent<K>;
        if (performance.now() > end)
          throw new Error(
            `no ${key} about ${subject}; facts: ${JSON.stringify(facts.map((f) => [f.type, f.subject, f.data]))}`,
          );
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    },
    repeat: async (key, subject) => decide(await recorder.fact(key, subject)),
    endsOf: (subject) =>
      recorder.factsAbout(subject).filter((key) => outcomes.some((outcome) => key.endsWith(`.${outcome}`))),
    factsAbout: (subject) => facts.filter((fact) => fact.subject === subject).map((fact) => keyOf(fact.type) ?? ''),
  };

  await bus.subscribe({
    topic: topics.facts,
    group: 'recorder',
    onBatch: async (messages) => {
      for (const message of messages) {
        const fact = eventOfMessage(message);
        facts.push(fact);
        if (!recorder.silent) await decide(fact);
      }
    },
  });
  return recorder;
}
