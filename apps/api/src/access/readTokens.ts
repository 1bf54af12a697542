import { routes, type TokenView } from '@stasis/api-contract';
import { systemLedger } from '@stasis/events';
import { getToken, listTokens, type TokenRecord } from '@stasis/ledger/postgres';
import { implement, type Implemented } from '../http/implement.ts';
import type { Platform } from '../platform.ts';
import { tokenNotFound } from '../notFound.ts';

/** GET /v1/tokens and /v1/whoami. */
export const readTokens = (platform: Platform): Implemented[] => [
  implement(routes.listTokens, async ({ reflects }) => {
    const position = await platform.ledger.head(systemLedger);
    const items = (await listTokens(platform.ledger.database)).map(tokenViewOf);
    reflects(systemLedger, position);
    return { items, next: null, position };
  }),
  implement(routes.whoami, async ({ actor }) => {
    const token = await getToken(platform.ledger.database, actor.authid);
    if (token === undefined) throw tokenNotFound(actor.authid);
    return tokenViewOf(token);
  }),
];

export const tokenViewOf = ({ id, name, role, nodes, created, expires, revoked }: TokenRecord): TokenView => ({
  ...{ id, name, role },
  ...(nodes.length > 0 && { nodes: [...nodes] }),
  created: created.toISOString(),
  expires: expires?.toISOString() ?? null,
  revoked: revoked?.toISOString() ?? null,
});
