import { topics, type Bus, type DeliveredMessage, type Subscription } from '@stasis/bus';
import { keyOf, type EventKey, type StasisEvent } from '@stasis/events';
import { nodeToTell } from '@stasis/lifecycle';
import { eventOfMessage } from './eventMessage.ts';
import type { Identity } from './identity.ts';
import type { Journal } from './journal.ts';

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
  readonly log: (line: string) => void;
  /** Called after requests were journaled; the callee reads them there. */
  readonly onRequests: () => void;
}

/**
 * Takes requests from the node's partition of `stasis.requests` into the journal. Requests, answers and the offset after
 * them are one transaction; only then is the batch acknowledged, so nothing is lost and nothing is taken in twice. What
 * is meant for another node or the other agent is passed over in silence.
 */
export function startRequestIntake(options: RequestIntakeOptions): Promise<Subscription> {
  const { journal, bus, identity, partition, log, onRequests } = options;
  const startAt = journal.nextOffset(topics.requests, partition);
  return bus.subscribe({
    topic: topics.requests,
    group: `stasis-${identity.agent}-${identity.node}`,
    partition,
    ...(startAt !== undefined && { startAt }),
    onBatch: async (messages) => {
      const last = messages.at(-1);
      if (last === undefined) return;
      const mine = messages.flatMap((message) => meantFor(identity, message));
      await journal.commit((tx) => {
        for (const event of mine) {
          const key = keyOf(event.type);
          if (key === undefined) continue;
          if (requestKeys[identity.agent].includes(key)) tx.takeIn(event);
          else tx.answer(event);
          if (endings.includes(key)) tx.dropUnbegun(event.subject);
        }
        tx.offset(topics.requests, partition, String(BigInt(last.offset) + 1n));
      });
      if (mine.length > 0) onRequests();
    },
    onPoison: (message, reason) =>
      log(`message ${message.offset} of ${message.topic} was set aside: ${String(reason)}`),
  });
}

/** @throws StasisError EventMalformed, so that the bus sets the message aside after its attempts. */
function meantFor(identity: Identity, message: DeliveredMessage): StasisEvent[] {
  if (message.key !== identity.node) return [];
  const event = eventOfMessage(message);
  const key = keyOf(event.type);
  if (key === undefined || nodeToTell(event) !== identity.node) return [];
  return [...requestKeys[identity.agent], ...answerKeys[identity.agent]].includes(key) ? [event] : [];
}
