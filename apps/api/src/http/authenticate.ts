import { createHash } from 'node:crypto';
import { StasisError } from '@stasis/errors';
import { findToken, type LedgerDatabase } from '@stasis/ledger/postgres';
import type { Principal } from '../access/decide.ts';

export interface Authenticate {
  /**
   * Who a bearer token is. Tokens are random and looked up by their SHA-256, so how long a comparison takes tells nothing
   * about one.
   * @throws StasisError Unauthenticated, with the same words for every bad token.
   */
  (authorization: string | undefined): Promise<Principal>;
  /** Asks the database again about a token that was revoked here. */
  forget(tokenId: string): void;
}

/** How long a good token is remembered: one that another api revoked works that long at most. */
export const rememberMs = 1000;
const remembered = 1000;

export function createAuthenticate(database: LedgerDatabase): Authenticate {
  const known = new Map<string, { principal: Principal; until: number }>();
  let forgotten = 0;
  const authenticate = async (authorization: string | undefined): Promise<Principal> => {
    const secret = /^Bearer ([\x21-\x7e]{1,512})$/i.exec(authorization ?? '')?.[1];
    if (secret === undefined)
      throw new StasisError('Unauthenticated', 'the request carries no bearer token', {
        next: 'Send "Authorization: Bearer <token>"; the admin token is in $STASIS_HOME/admin.token.',
      });
    const digest = createHash('sha256').update(secret).digest('base64');
    const hit = known.get(digest);
    if (hit !== undefined && hit.until > Date.now()) return hit.principal;
    known.delete(digest);
    const before = forgotten;
    const asked = Date.now();
    const token = await findToken(database, secret);
    if (token === undefined)
      throw new StasisError('Unauthenticated', 'the token is not known, or it has expired or was revoked', {
        next: 'Use the token in $STASIS_HOME/admin.token of the api, or ask an admin for one.',
      });
    const { id, role, nodes, expires } = token;
    const principal = { id, role, nodes };
    if (known.size >= remembered) known.clear();
    const until = Math.min(asked + rememberMs, expires?.getTime() ?? Infinity);
    // What was read before a token was revoked here must not be remembered after it.
    if (before === forgotten) known.set(digest, { principal, until });
    return principal;
  };
  const forget = (tokenId: string): void => {
    forgotten += 1;
    for (const [digest, { principal }] of known) if (principal.id === tokenId) known.delete(digest);
  };
  return Object.assign(authenticate, { forget });
}
