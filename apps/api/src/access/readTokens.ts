import { type Action, actions, routes, type TokenView, type Whoami } from '@stasis/api-contract';
import { defaultLedger, systemLedger } from '@stasis/events';
import { getIdentity, getToken, type LedgerDatabase, listTokens, type TokenRecord } from '@stasis/ledger/postgres';
import { implement, type Implemented } from '../http/implement.ts';
import type { Platform } from '../platform.ts';
import { tokenNotFound } from '../notFound.ts';
import { type Caller, decide, type Resource } from './decide.ts';

/** GET /v1/tokens and /v1/whoami. */
export const readTokens = (platform: Platform): Implemented[] => [
  implement(routes.listTokens, async ({ reflects }) => {
    const position = await platform.ledger.head(systemLedger);
    const items = (await listTokens(platform.ledger.database)).map(tokenViewOf);
    reflects(systemLedger, position);
    return { items, next: null, position };
  }),
  implement(routes.whoami, ({ request }) => whoamiOf(platform, request.headers.authorization)),
];

/** Who shows this bearer token, with every action that the policies let them do somewhere. @throws StasisError Unauthenticated */
export async function whoamiOf(platform: Platform, authorization: string | undefined): Promise<Whoami> {
  const shown = await platform.access.authenticate(authorization);
  const view = await viewOf(platform.ledger.database, shown);
  // Its nodes are left out: what it may do on some node, it may do.
  const principal = { ...shown, nodes: [] };
  const may = (action: Action): boolean =>
    [false, true].some(
      (past) =>
        decide(platform.access.policies, { principal, action, resource: anywhere(action), how: { past } }).allowed,
    );
  return { ...view, actions: actions.filter(may) };
}

async function viewOf(database: LedgerDatabase, { id, role, expires }: Caller): Promise<TokenView> {
  const token = await getToken(database, id);
  if (token !== undefined) return tokenViewOf(token);
  const identity = await getIdentity(database, id);
  if (identity === undefined) throw tokenNotFound(id);
  const { name, email, created } = identity;
  return tokenViewOf({ id, name: name ?? email ?? id, role, nodes: [], created, expires, revoked: null });
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
