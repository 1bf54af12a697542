import type { Bus } from '@stasis/bus';
import { StasisError } from '@stasis/errors';
import { domainEventOf, type RecordedEvent, systemLedger } from '@stasis/events';
import type { Ledger } from '@stasis/ledger';
import { isForEveryNode, nodeToTell } from '@stasis/lifecycle';
import type { Term } from '../leader.ts';
import type { RequestSigner } from '../signatures/requestSigner.ts';
import { createWaker } from '../waker.ts';
import { messagesOf, type NodesToTell } from './messagesOf.ts';

/** Where the relay has got to, kept in the database. */
export interface RelayCursor {
  read(ledger: string): Promise<number>;
  /** Resolves with false when a newer leader has moved it: this one must stop. */
  move(ledger: string, position: number, fencing: number): Promise<boolean>;
}

export interface RelayParts {
  readonly ledger: Ledger;
  readonly bus: Bus;
  readonly cursor: RelayCursor;
  readonly signer: RequestSigner;
  /** Names of all nodes that have enrolled. */
  readonly allNodes: () => Promise<readonly string[]>;
  /** Called with the highest position of a ledger that is on the bus. */
  readonly onRelayed?: (ledger: string, position: number) => void;
}

const batchSize = 500;
const idleMs = 1000;

/**
 * Publishes every event of one ledger in order of position, from the durable cursor on, for one term. Woken by
 * the ledger's growth. What was published but not yet noted is published again by the next leader; headers tell.
 */
export async function relayLedger(
  parts: RelayParts,
  ledgerName: string,
  { fencing, signal, isCurrent }: Term,
): Promise<void> {
  const waker = createWaker();
  const unsubscribe = parts.ledger.onGrowth((grown) => {
    if (grown === ledgerName) waker.wake();
  });
  try {
    let position = await parts.cursor.read(ledgerName);
    if (!(await parts.cursor.move(ledgerName, position, fencing))) throw superseded(ledgerName);
    while (!signal.aborted) {
      waker.ready();
      const events = await parts.ledger.read(ledgerName, { after: position, limit: batchSize });
      const last = events.at(-1);
      if (last === undefined) {
        await waker.sleep(idleMs, signal);
        continue;
      }
      const nodes = await nodesToTell(parts, events);
      const messages = await Promise.all(events.map((recorded) => messagesOf(recorded, nodes)));
      // One that was stopped and goes on must not publish behind the new leader's back.
      if (!isCurrent()) throw superseded(ledgerName);
      await parts.bus.publish(messages.flat());
      position = last.position;
      if (!(await parts.cursor.move(ledgerName, position, fencing))) throw superseded(ledgerName);
      parts.onRelayed?.(ledgerName, position);
    }
  } finally {
    unsubscribe();
  }
}

const superseded = (ledger: string): StasisError =>
  new StasisError('VersionConflict', `another api relays ledger "${ledger}" now`);

/** Whom these events must reach, on which partition (the one that the newest `node.joined` says), under which key. */
async function nodesToTell(
  { ledger, signer, allNodes }: RelayParts,
  events: readonly RecordedEvent[],
): Promise<NodesToTell> {
  const all = events.some(({ event }) => isForEveryNode(event)) ? await allNodes() : [];
  const nodes = new Set([...all, ...events.flatMap(({ event }) => nodeToTell(event) ?? [])]);
  const partitions = new Map<string, number>();
  const streams = await ledger.readStreams(
    systemLedger,
    [...nodes].map((node) => `node/${node}`),
  );
  for (const node of nodes) {
    for (const { event } of streams.get(`node/${node}`) ?? []) {
      const joined = domainEventOf(event);
      if (joined.key === 'node.joined') partitions.set(node, joined.data.partition);
    }
  }
  return { partitions, all, key: await signer.key() };
}
