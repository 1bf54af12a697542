import { createHash } from 'node:crypto';
import { StasisError } from '@stasis/errors';
import { findToken, type LedgerDatabase } from '@stasis/ledger/postgres';
import type { Actor } from '../actor.ts';

export type Authenticate = (authorization: string | undefined) => Promise<Actor>;

const rememberMs = 5000;
const remembered = 1000;

/**
 * Who a bearer token is. Tokens are random and looked up by their SHA-256, so how long the comparison takes tells
 * nothing about one. A good token is remembered for 5 s: a revoked one works that long at most.
 * @throws StasisError Unauthenticated, with the same words for every bad token.
 */
export function createAuthenticate(database: LedgerDatabase): Authenticate {
  const known = new Map<string, { actor: Actor; until: number }>();
  return async (authorization) => {
    const secret = /^Bearer ([\x21-\x7e]{1,512})$/i.exec(authorization ?? '')?.[1];
    if (secret === undefined)
      throw new StasisError('Unauthenticated', 'the request carries no bearer token', {
        next: 'Send "Authorization: Bearer <token>"; the admin token is in $STASIS_HOME/admin.token.',
      });
    const digest = createHash('sha256').update(secret).digest('base64');
    const hit = known.get(digest);
    if (hit !== undefined && hit.until > Date.now()) return hit.actor;
    known.delete(digest);
    const token = await findToken(database, secret);
    if (token === undefined)
      throw new StasisError('Unauthenticated', 'the token is not known, or it has expired or was revoked', {
        next: 'Use the token in $STASIS_HOME/admin.token of the api.',
      });
    const actor: Actor = { authtype: 'user', authid: token.id };
    if (known.size >= remembered) known.clear();
    known.set(digest, { actor, until: Date.now() + rememberMs });
    return actor;
  };
}
