import { domainEventOf, type StasisEvent } from '@stasis/events';

/**
 * The node whose agents must see this recorded event on `stasis.requests`, or undefined: requests, what ends them from
 * above (canceled, voided), and the recorder's answers that a node waits for before it ends a container (verified,
 * reconciled).
 */
export function nodeToTell(event: StasisEvent): string | undefined {
  const { key, data } = domainEventOf(event);
  switch (key) {
    case 'checkpoint.requested':
    case 'checkpoint.canceled':
    case 'checkpoint.voided':
    case 'checkpoint.reconciled':
    case 'restore.requested':
    case 'restore.canceled':
    case 'restore.voided':
    case 'container.requested':
      return data.node;
    case 'checkpoint.verified':
      return event.source.startsWith('/stasis/nodes/') ? event.source.slice('/stasis/nodes/'.length) : undefined;
    default:
      return undefined;
  }
}
