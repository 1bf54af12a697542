import { domainEventOf, isEvent, type StasisEvent } from '@stasis/events';

/**
 * The node whose agents must see this recorded event on `stasis.requests`, or undefined: requests, what ends them from
 * above (canceled, voided), and the recorder's answers that a node waits for before it ends a container (verified,
 * reconciled). Not a request that the one-shot command which made it carries out itself.
 */
export function nodeToTell(event: StasisEvent): string | undefined {
  const { key, data } = domainEventOf(event);
  switch (key) {
    case 'checkpoint.requested':
    case 'restore.requested':
    case 'container.requested':
      return data.imagePath === undefined ? data.node : undefined;
    case 'checkpoint.canceled':
    case 'checkpoint.voided':
    case 'checkpoint.reconciled':
    case 'restore.canceled':
    case 'restore.voided':
      return data.node;
    case 'checkpoint.verified':
      return event.source.startsWith('/stasis/nodes/') ? event.source.slice('/stasis/nodes/'.length) : undefined;
    default:
      return undefined;
  }
}

/** Whether every node must hear of it: which keys of the api to believe. */
export const isForEveryNode = (event: StasisEvent): boolean =>
  isEvent(event, 'signingkey.published') || isEvent(event, 'signingkey.retired');
