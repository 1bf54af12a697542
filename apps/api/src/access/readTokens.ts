import { type Action, actions, routes, type TokenView, type Whoami } from '@stasis/api-contract';
import { defaultLedger, systemLedger } from '@stasis/events';
import { getToken, listTokens, type TokenRecord } from '@stasis/ledger/postgres';
import { implement, type Implemented } from '../http/implement.ts';
import type { Platform } from '../platform.ts';
import { tokenNotFound } from '../notFound.ts';
import { decide, type Resource } from './decide.ts';

/** GET /v1/tokens and /v1/whoami. */
export const readTokens = (platform: Platform): Implemented[] => [
  implement(routes.listTokens, async ({ reflects }) => {
    const position = await platform.ledger.head(systemLedger);
    const items = (await listTokens(platform.ledger.database)).map(tokenViewOf);
    reflects(systemLedger, position);
    return { items, next: null, position };
  }),
  implement(routes.whoami, ({ actor }) => whoamiOf(platform, actor.authid)),
];

/** A token with every action that the policies let it do somewhere. @throws StasisError TokenNotFound */
export async function whoamiOf(platform: Platform, id: string): Promise<Whoami> {
  const token = await getToken(platform.ledger.database, id);
  if (token === undefined) throw tokenNotFound(id);
  // Its nodes are left out: what it may do on some node, it may do.
  const principal = { id, role: token.role, nodes: [] };
  const may = (action: Action): boolean =>
    [false, true].some(
      (past) =>
        decide(platform.access.policies, { principal, action, resource: anywhere(action), how: { past } }).allowed,
    );
  return { ...tokenViewOf(token), actions: actions.filter(may) };
}

/** What an action is asked about when nothing in particular is meant. */
const anywhere = (action: Action): Resource =>
  action === 'events.follow' ? { kind: 'Ledger', id: defaultLedger } : { kind: 'Platform', id: 'stasis' };

export const tokenViewOf = ({ id, name, role, nodes, created, expires, revoked }: TokenRecord): TokenView => ({
  ...{ id, name, role },
  ...(nodes.length > 0 && { nodes: [...nodes] }),
  created: created.toISOString(),
  expires: expires?.toISOString() ?? null,
  revoked: revoked?.toISOString() ?? null,
});
