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

/** A fact as it lies on the bus. */
export interface FactMessage extends Fact {
  readonly message: DeliveredMessage;
}

const factKeys = new Set<string>([
  ...checkpointFactKeys,
  ...restoreFactKeys,
  ...containerFactKeys,
  'node.joined',
  'node.changed',
  'signature.refused',
]);

/**
 * Reads a message of stasis.facts. Who signed it, and whether it may say so, is not looked at yet.
 * @throws StasisError EventMalformed when it is no fact of the catalogue, or is told in another's name than a node's.
 */
export function readFact(message: DeliveredMessage): FactMessage {
  const fact = anyFactIn(parseEvent(contentOf(message)));
  const { id, authtype, policyid } = fact.event;
  if (authtype !== 'system' || policyid !== undefined)
    throw new StasisError('EventMalformed', `fact ${id} is told in the name of a ${authtype}; a node has only its own`);
  return { ...fact, message };
}

/**
 * An event from a node, as a fact.
 * @throws StasisError EventMalformed when it is not for nodes to report; NotAuthorised when a node speaks of a container or
 * a node that is not its own.
 */
export function factIn(event: StasisEvent): Fact {
  const fact = anyFactIn(event);
  requireOwn(fact);
  return fact;
}

function anyFactIn(event: StasisEvent): Fact {
  const { key } = domainEventOf(event);
  if (!factKeys.has(key)) throw new StasisError('EventMalformed', `${key} is not for nodes to report (${event.id})`);
  const [, node] = /^\/stasis\/nodes\/(.+)$/.exec(event.source) ?? [];
  if (node === undefined) throw new StasisError('EventMalformed', `fact ${event.id} has no node as its source`);
  if (event.ledger !== ledgerOf(key))
    throw new StasisError('EventMalformed', `fact ${event.id} names ledger "${event.ledger}" for ${key}`);
  return { event, node, ledger: event.ledger, stream: streamOf(key, event.subject) };
}

function contentOf(message: DeliveredMessage): unknown {
  try {
    const { attributes, data } = fromMessage(message);
    return { datacontenttype: 'application/json', ...attributes, data };
  } catch (cause) {
    throw new StasisError('EventMalformed', `the message is not a CloudEvent: ${messageOf(cause)}`, { cause });
  }
}

/** @throws StasisError NotAuthorised when a node speaks of a container or a node that is not its own. */
export function requireOwn({ event, node }: Fact): void {
  const { data, subject } = event;
  const { key } = domainEventOf(event);
  if (key.startsWith('node.') && (subject !== node || ('node' in data && data.node !== node)))
    throw foreign(event, node, subject);
  if (key === 'signature.refused' && (!('by' in data) || data.by !== 'node' || data.node !== node))
    throw foreign(event, node, 'node' in data ? String(data.node) : subject);
  if (!key.startsWith('container.')) return;
  const owner = subject.slice(0, subject.indexOf('/'));
  if (owner !== node || ('container' in data && data.container !== subject)) throw foreign(event, node, subject);
}

/** What a node is told that reports about what belongs to another. */
export const foreign = (event: StasisEvent, node: string, owner: string): StasisError =>
  new StasisError('NotAuthorised', `node "${node}" reports ${event.type} about "${owner}", which is not its own`);

/** Of a fact whose signature does not prove what it says. */
export const notBelieved = (event: StasisEvent, node: string, why: string): StasisError =>
  new StasisError('NotAuthorised', `${event.type} ${event.id} in the name of node "${node}" is not believed: ${why}`);
