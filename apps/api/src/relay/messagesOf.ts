import { type BusMessage, toMessage, topics } from '@stasis/bus';
import { canonicalBytes, type RecordedEvent, signRequest } from '@stasis/events';
import { isForEveryNode, nodeToTell } from '@stasis/lifecycle';
import type { SigningKey } from '@stasis/proof';

/**
 * An event as it goes to the bus: CloudEvents binary mode, the value in RFC 8785 form as in the leaf, and the plain
 * headers `ledger` and `position`, by which consumers drop what they have seen.
 */
export function messageOfEvent(topic: string, key: string, recorded: RecordedEvent, partition?: number): BusMessage {
  const { data, ...attributes } = recorded.event;
  const texts = Object.fromEntries(Object.entries(attributes).map(([name, value]) => [name, String(value)]));
  return placed(recorded, toMessage(topic, key, texts, canonicalBytes(data), partition));
}

const placed = ({ event, position }: RecordedEvent, message: BusMessage): BusMessage => ({
  ...message,
  headers: { ...message.headers, ledger: event.ledger, position: String(position) },
});

/** What the relay must know to reach nodes. */
export interface NodesToTell {
  /** Partition of stasis.requests by node, as the node recorded it; one that is missing goes by key. */
  readonly partitions: ReadonlyMap<string, number>;
  /** Every node that has enrolled: each is told of the keys that it shall believe. */
  readonly all: readonly string[];
  /** Signs what goes to nodes. */
  readonly key: SigningKey;
}

/** The messages of one event: to stasis.requests, signed, for each node that must see it, and to stasis.ledger. */
export async function messagesOf(recorded: RecordedEvent, nodes: NodesToTell): Promise<BusMessage[]> {
  const { event } = recorded;
  const one = nodeToTell(event);
  const told = one !== undefined ? [one] : isForEveryNode(event) ? nodes.all : [];
  const requests = told.map(async (node) => {
    const attributes = await signRequest(event, node, nodes.key);
    const partition = nodes.partitions.get(node);
    return placed(recorded, toMessage(topics.requests, node, attributes, canonicalBytes(event.data), partition));
  });
  return [...(await Promise.all(requests)), messageOfEvent(topics.ledger, event.subject, recorded)];
}
