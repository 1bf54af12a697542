import { createHash } from 'node:crypto';
import { StasisError } from '@stasis/errors';
import { findToken, type LedgerDatabase } from '@stasis/ledger/postgres';
import type { Caller } from '../access/decide.ts';
import type { SignIn } from '../access/oidc/signIn.ts';

export interface Authenticate {
  /**
   * Who a bearer token is: one of this api, or a JWT of the identity provider. Tokens are random and looked up by their
   * SHA-256, so how long a comparison takes tells nothing about one.
   * @throws StasisError Unauthenticated, with the same words for every bad token of this api; SignInUnavailable.
   */
  (authorization: string | undefined): Promise<Caller>;
  /** Asks the database again about a token that was revoked here. */
  forget(tokenId: string): void;
}

/** How long a good token is remembered: one that another api revoked works that long at most. */
export const rememberMs = 1000;
const remembered = 1000;

export function createAuthenticate(database: LedgerDatabase, signIn?: SignIn): Authenticate {
  const known = new Map<string, { principal: Caller; until: number }>();
  let forgotten = 0;
  const authenticate = async (authorization: string | undefined): Promise<Caller> => {
    const secret = /^Bearer ([\x21-\x7e]{1,8192})$/i.exec(authorization ?? '')?.[1];
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
    const principal =
      signIn !== undefined && isJwt(secret) ? await signIn(secret) : await principalOf(database, secret);
    if (known.size >= remembered) known.clear();
    const until = Math.min(asked + rememberMs, principal.expires?.getTime() ?? Infinity);
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

/** Three parts of base64url (RFC 7515 section 7.1); tokens of this api have no dots. */
const isJwt = (secret: string): boolean => /^[\w-]+\.[\w-]+\.[\w-]*$/.test(secret);

async function principalOf(database: LedgerDatabase, secret: string): Promise<Caller> {
  const token = await findToken(database, secret);
  if (token === undefined)
    throw new StasisError('Unauthenticated', 'the token is not known, or it has expired or was revoked', {
      next: 'Use the token in $STASIS_HOME/admin.token of the api, or ask an admin for one.',
    });
  const { id, role, nodes, expires } = token;
  return { id, role, nodes, expires };
}
