import type { Action } from '@stasis/api-contract';
import { isStasisError } from '@stasis/errors';
import { defaultLedger } from '@stasis/events';
import { getCheckpoint, getContainer, getRestore, getToken, type LedgerDatabase } from '@stasis/ledger/postgres';
import { findContainer } from '../containers/findContainer.ts';
import { readPlace } from '../http/places.ts';
import type { Question, Resource } from './decide.ts';

/** A request as far as it says what it is about. Values are unread: params, query and body may be anything. */
export interface Asked {
  readonly params: unknown;
  readonly query: unknown;
  readonly body: unknown;
  /** `Last-Event-ID`. */
  readonly lastEventId: string | undefined;
}

type About = Pick<Question, 'resource' | 'how'>;

const platform: Resource = { kind: 'Platform', id: 'stasis' };

/**
 * What a request is about, looked up, so that policies judge what is there and not what the caller calls it. What names
 * nothing that is known is about the platform: who may not do it at all is told so, and learns nothing about names.
 */
export async function aboutWhat(database: LedgerDatabase, action: Action, asked: Asked): Promise<About> {
  const query = fieldsOf(asked.query);
  const how = { past: query['asOf'] !== undefined };
  const found = await finders[action]?.(database, { ...fieldsOf(asked.body), ...fieldsOf(asked.params) }, asked);
  return { resource: found?.resource ?? platform, how: { ...how, ...found?.how } };
}

interface Found {
  readonly resource: Resource | undefined;
  readonly how?: { readonly node?: string; readonly name?: string };
}
type Finder = (database: LedgerDatabase, named: Record<string, string | undefined>, asked: Asked) => Promise<Found>;

const containerAt: Finder = async (database, { node = '', id = '' }) => ({
  resource: containerOf((await getContainer(database, `${node}/${id}`)).item),
});

const ledgerAsked: Finder = async (_, __, { query, lastEventId }) => {
  const { ledger, after } = fieldsOf(query);
  // As the stream itself reads it: a place may name its ledger.
  const id = ledger ?? readPlace(lastEventId || (after ?? ''))?.ledger ?? defaultLedger;
  return { resource: { kind: 'Ledger', id } };
};

const finders: { readonly [A in Action]?: Finder } = {
  'container.start': async (_, { node, name }) => ({
    resource: node === undefined ? undefined : { kind: 'Node', id: node, attributes: { node } },
    how: { ...(name !== undefined && { name }) },
  }),
  'node.report': async (_, { node }) => ({
    resource: node === undefined ? undefined : { kind: 'Node', id: node, attributes: { node } },
  }),
  'container.stop': containerAt,
  'container.remove': containerAt,
  'checkpoint.request': async (database, { container = '' }) => ({
    resource: containerOf(await orNothing(() => findContainer(database, container))),
  }),
  'checkpoint.cancel': async (database, { id = '' }) => ({
    resource: placed('Checkpoint', (await getCheckpoint(database, id)).item),
  }),
  'restore.request': async (database, { checkpoint = '', node, name }) => {
    const { item } = await getCheckpoint(database, checkpoint);
    const target = node ?? item?.node;
    return {
      resource: placed('Checkpoint', item),
      how: { ...(target !== undefined && { node: target }), ...(name !== undefined && { name }) },
    };
  },
  'restore.cancel': async (database, { id = '' }) => ({
    resource: placed('Restore', (await getRestore(database, id)).item),
  }),
  'token.revoke': async (database, { id = '' }) => {
    const token = await getToken(database, id);
    return {
      resource: token && { kind: 'Token', id: token.id, attributes: { role: token.role } },
    };
  },
  'events.follow': ledgerAsked,
  'audit.read': ledgerAsked,
  'audit.prove': ledgerAsked,
  'audit.verify': ledgerAsked,
  'ledger.rebuild': ledgerAsked,
};

interface Placed {
  readonly id: string;
  readonly node: string;
  readonly container: string;
  readonly labels: Readonly<Record<string, string>>;
}

const labelsOf = (labels: Readonly<Record<string, string>>): string[] =>
  Object.entries(labels).map(([name, value]) => `${name}=${value}`);

const placed = (kind: 'Checkpoint' | 'Restore', item: Placed | undefined): Resource | undefined =>
  item && {
    kind,
    id: item.id,
    attributes: { node: item.node, container: item.container, labels: labelsOf(item.labels) },
  };

const containerOf = (
  item: { id: string; node: string; name: string; labels: Readonly<Record<string, string>> } | undefined,
): Resource | undefined =>
  item && {
    kind: 'Container',
    id: item.id,
    attributes: { node: item.node, name: item.name, labels: labelsOf(item.labels) },
  };

/** A name that is unknown or not unique: the use case says so, once it is allowed to. */
async function orNothing<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (isStasisError(error) && error.row.http < 500) return undefined;
    throw error;
  }
}

/** The text fields of what may be anything. */
const fieldsOf = (value: unknown): Record<string, string | undefined> =>
  typeof value === 'object' && value !== null
    ? Object.fromEntries(
        Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
      )
    : {};
