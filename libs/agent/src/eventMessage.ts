import { fromMessage, toMessage, topics, type BusMessage } from '@stasis/bus';
import { canonicalBytes, envelope, parseEvent, type StasisEvent } from '@stasis/events';

/** A fact on `stasis.facts`, keyed by its subject so that facts of one resource stay in order. */
export function factMessage(event: StasisEvent): BusMessage {
  const { data, ...attributes } = event;
  const texts = Object.entries(attributes).filter((entry): entry is [string, string] => typeof entry[1] === 'string');
  return toMessage(topics.facts, event.subject, Object.fromEntries(texts), canonicalBytes(data));
}

/**
 * The event in a message. Attributes that are not the envelope's (the position that the relay adds) are left out.
 * @throws StasisError EventMalformed, SyntaxError when the value is not JSON
 */
export function eventOfMessage(message: Pick<BusMessage, 'headers' | 'value'>): StasisEvent {
  const { attributes, data } = fromMessage(message);
  const known = Object.entries(attributes).filter(([name]) => Object.hasOwn(envelope.shape, name));
  return parseEvent({ datacontenttype: 'application/json', ...Object.fromEntries(known), data });
}
