import { topics, type Bus, type DeliveredMessage, type Subscription } from '@stasis/bus';
import { keyOf, type EventKey, type StasisEvent } from '@stasis/events';
import { believeRequest, type BelievedRequest, type Disbelieved } from './believeRequest.ts';
import type { Identity } from './identity.ts';
import type { Journal } from './journal.ts';
import type { JournalWriter } from './journalWriter.ts';
import type { RequestRefusals } from './requestRefusals.ts';
import type { TrustedKeys } from './trustedKeys.ts';

const requestKeys: Readonly<Record<Identity['agent'], readonly EventKey[]>> = {
  checkpointer: ['checkpoint.requested'],
  restorer: ['restore.requested', 'container.requested'],
};
/** What the recorder says about a request later. */
const answerKeys: Readonly<Record<Identity['agent'], readonly EventKey[]>> = {
  checkpointer: ['checkpoint.verified', 'checkpoint.canceled', 'checkpoint.voided', 'checkpoint.reconciled'],
  restorer: ['restore.canceled', 'restore.voided'],
};
/** Answers after which a request that was not begun is not begun any more. */
const endings: readonly EventKey[] = ['checkpoint.canceled', 'checkpoint.voided', 'restore.canceled', 'restore.voided'];

export interface RequestIntakeOptions {
  readonly journal: Journal;
  readonly bus: Bus;
  readonly identity: Identity;
  readonly partition: number;
  readonly trusted: TrustedKeys;
  readonly refusals: RequestRefusals;
  readonly log: (line: string) => void;
  /** Called after requests were journaled; the callee reads them there. */
  readonly onRequests: () => void;
}

/**
 * Takes requests from the node's partition of `stasis.requests` into the journal, if the api signed them for this node, they
 * are still good and were not seen before. Requests, answers, the ids that were seen and the offset after them are one
 * transaction; only then is the batch acknowledged, so nothing is lost and nothing is taken in twice. What is meant for the
 * other agent is passed over in silence, and so is what is keyed for another node: that node looks at it.
 */
export function startRequestIntake(options: RequestIntakeOptions): Promise<Subscription> {
  const { journal, bus, identity, partition, trusted, refusals, log, onRequests } = options;
  const refuse = (tx: JournalWriter, { fault, claims }: Disbelieved): void => {
    if (isMineToTell(identity.agent, claims.type)) refusals.note(tx, fault, claims);
  };
  const startAt = journal.nextOffset(topics.requests, partition);
  return bus.subscribe({
    topic: topics.requests,
    group: `stasis-${identity.agent}-${identity.node}`,
    partition,
    ...(startAt !== undefined && { startAt }),
    onBatch: async (messages) => {
      const last = messages.at(-1);
      if (last === undefined) return;
      const read: { readonly message: DeliveredMessage; readonly found: BelievedRequest | Disbelieved }[] = [];
      let hasLearned = false;
      // One after the other: a message may bring the key of the next.
      for (const message of messages.filter(({ key }) => key === identity.node)) {
        const found = await believeRequest(message, identity.node, (keyId) => trusted.get(keyId), Date.now());
        read.push({ message, found });
        if ('event' in found) hasLearned = trusted.learn(found.event) || hasLearned;
      }
      const next = journal.nextOffset(topics.requests, partition);
      await journal.commit((tx) => {
        if (hasLearned) trusted.write(tx);
        for (const { message, found } of read) {
          if ('fault' in found) refuse(tx, found);
          else if (!isFor(identity.agent, found.event)) continue;
          else if (tx.seeId(found.event.id, found.expires)) takeIn(tx, identity.agent, found.event);
          // Delivered again by the bus, or sent again by someone?
          else if (next === undefined || BigInt(message.offset) >= BigInt(next)) refuse(tx, replayOf(found.event));
        }
        tx.offset(topics.requests, partition, String(BigInt(last.offset) + 1n));
      });
      if (read.length > 0) onRequests();
    },
    onPoison: (message, reason) =>
      log(`message ${message.offset} of ${message.topic} was set aside: ${String(reason)}`),
  });
}

const isFor = (agent: Identity['agent'], { type }: Pick<StasisEvent, 'type'>): boolean => {
  const key = keyOf(type);
  return key !== undefined && [...requestKeys[agent], ...answerKeys[agent]].includes(key);
};

/** Both agents of a node see each message; one of them tells of a bad one. */
const isMineToTell = (agent: Identity['agent'], type = ''): boolean =>
  isFor('restorer', { type }) === (agent === 'restorer');

const replayOf = ({ type, id }: StasisEvent): Disbelieved => ({ fault: 'Replayed', claims: { type, id } });

function takeIn(tx: JournalWriter, agent: Identity['agent'], event: StasisEvent): void {
  const key = keyOf(event.type);
  if (key === undefined) return;
  if (requestKeys[agent].includes(key)) tx.takeIn(event);
  else tx.answer(event);
  if (endings.includes(key)) tx.dropUnbegun(event.subject);
}
