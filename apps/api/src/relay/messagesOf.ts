import { type BusMessage, toMessage, topics } from '@stasis/bus';
import { canonicalBytes, type RecordedEvent } from '@stasis/events';
import { nodeToTell } from '@stasis/lifecycle';

/**
 * An event as it goes to the bus: CloudEvents binary mode, the value in RFC 8785 form as in the leaf, and the plain
 * headers `ledger` and `position`, by which consumers drop what they have seen.
 */
export function messageOfEvent(topic: string, key: string, recorded: RecordedEvent, partition?: number): BusMessage {
  const { data, ...attributes } = recorded.event;
  const texts = Object.fromEntries(Object.entries(attributes).map(([name, value]) => [name, String(value)]));
  const message = toMessage(topic, key, texts, canonicalBytes(data), partition);
  const place = { ledger: recorded.event.ledger, position: String(recorded.position) };
  return { ...message, headers: { ...message.headers, ...place } };
}

/**
 * The messages of one event: to stasis.ledger always, and to stasis.requests if a node must see it.
 * @param partitions partition of stasis.requests by node, as the node recorded it; one that is missing goes by key.
 */
export function messagesOf(recorded: RecordedEvent, partitions: ReadonlyMap<string, number>): BusMessage[] {
  const all = messageOfEvent(topics.ledger, recorded.event.subject, recorded);
  const node = nodeToTell(recorded.event);
  if (node === undefined) return [all];
  return [messageOfEvent(topics.requests, node, recorded, partitions.get(node)), all];
}
