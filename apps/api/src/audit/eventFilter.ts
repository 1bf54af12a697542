import type { ReadQuery, Routes } from '@stasis/api-contract';
import { StasisError } from '@stasis/errors';
import { type EventKey, keyOf, ledgerOf, typeOf } from '@stasis/events';
import type { EventFilter } from '@stasis/ledger/postgres';
import { findContainer } from '../containers/findContainer.ts';
import type { Platform } from '../platform.ts';

type Query = Partial<Omit<ReadQuery<Routes['listEvents']>, 'limit' | 'cursor' | 'order' | 'waitFor'>>;

/** The ledger's filter for what was asked. @throws StasisError BadRequest, ContainerNotFound, AmbiguousName */
export async function filterOf(platform: Platform, query: Query): Promise<EventFilter> {
  const { ledger, container, type, label, since, until, by = 'occurred', ...same } = query;
  const found = container === undefined ? undefined : await findContainer(platform.ledger.database, container);
  const key = type === undefined ? undefined : keyNamed(type);
  // A type names its ledger: events of nodes, tokens and the audit itself are in the system ledger.
  const home = ledger ?? (key && ledgerOf(key));
  return {
    ...plain(same),
    ...(home !== undefined && { ledger: home }),
    ...(found !== undefined && { container: found.id }),
    ...(key !== undefined && { type: typeOf(key) }),
    ...(label !== undefined && { labels: [label] }),
    ...(since !== undefined && { [`${by}From`]: since }),
    ...(until !== undefined && { [`${by}To`]: until }),
  };
}

const names = [
  'node',
  'checkpoint',
  'restore',
  'actor',
  'outcome',
  'reason',
  'text',
  'ticket',
  'correlation',
  'after',
  'upTo',
] as const;

const plain = (query: Query): EventFilter =>
  Object.fromEntries(names.flatMap((name) => (query[name] === undefined ? [] : [[name, query[name]]])));

/** `checkpoint.ready` or the whole type. @throws StasisError BadRequest for one that is not in the catalogue. */
function keyNamed(text: string): EventKey {
  const key = keyOf(text) ?? keyOf(typeOf(text as EventKey));
  if (key !== undefined) return key;
  throw new StasisError('BadRequest', `"${text}" is not an event type`, { next: 'docs/events.md lists them.' });
}
