import { fromMessage, type DeliveredMessage } from '@stasis/bus';
import { messageOf, StasisError } from '@stasis/errors';
import { domainEventOf, ledgerOf, parseEvent, type StasisEvent, streamOf } from '@stasis/events';
import { checkpointFactKeys, containerFactKeys, restoreFactKeys } from '@stasis/lifecycle';

/** A fact that is well formed and may be recorded, with the stream it speaks of. */
export interface Fact {
  readonly event: StasisEvent;
  /** Node that reports it. */
  readonly node: string;
  readonly ledger: string;
  readonly stream: string;
}

const factKeys = new Set<string>([
  ...checkpointFactKeys,
  ...restoreFactKeys,
  ...containerFactKeys,
  'node.joined',
  'node.changed',
]);

/**
 * Reads a message of stasis.facts.
 * @throws StasisError EventMalformed when it is no fact of the catalogue; NotAuthorised when a node speaks of a container
 * or a node that is not its own.
 */
export const readFact = (message: DeliveredMessage): Fact => factIn(parseEvent(contentOf(message)));

/** An event from a node, as a fact. @throws StasisError as `readFact` */
export function factIn(event: StasisEvent): Fact {
  const { key } = domainEventOf(event);
  if (!factKeys.has(key)) throw new StasisError('EventMalformed', `${key} is not for nodes to report (${event.id})`);
  const [, node] = /^\/stasis\/nodes\/(.+)$/.exec(event.source) ?? [];
  if (node === undefined) throw new StasisError('EventMalformed', `fact ${event.id} has no node as its source`);
  if (event.ledger !== ledgerOf(key))
    throw new StasisError('EventMalformed', `fact ${event.id} names ledger "${event.ledger}" for ${key}`);
  const fact = { event, node, ledger: event.ledger, stream: streamOf(key, event.subject) };
  requireOwn(fact, key);
  return fact;
}

function contentOf(message: DeliveredMessage): unknown {
  try {
    const { attributes, data } = fromMessage(message);
    return { datacontenttype: 'application/json', ...attributes, data };
  } catch (cause) {
    throw new StasisError('EventMalformed', `the message is not a CloudEvent: ${messageOf(cause)}`, { cause });
  }
}

function requireOwn({ event, node }: Fact, key: string): void {
  const { data, subject } = event;
  if (key.startsWith('node.') && (subject !== node || ('node' in data && data.node !== node)))
    throw foreign(event, node, subject);
  if (!key.startsWith('container.')) return;
  const owner = subject.slice(0, subject.indexOf('/'));
  if (owner !== node || ('container' in data && data.container !== subject)) throw foreign(event, node, subject);
}

/** What a node is told that reports about what belongs to another. */
export const foreign = (event: StasisEvent, node: string, owner: string): StasisError =>
  new StasisError('NotAuthorised', `node "${node}" reports ${event.type} about "${owner}", which is not its own`);
