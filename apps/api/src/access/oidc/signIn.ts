import { StasisError } from '@stasis/errors';
import { newId } from '@stasis/events';
import { identityOf, markJoined, type PostgresLedger } from '@stasis/ledger/postgres';
import { errors, type JWTPayload, jwtVerify, type JWTVerifyGetKey } from 'jose';
import { type Recorded, recordEvents } from '../../recordEvents.ts';
import type { Caller } from '../decide.ts';
import type { OidcSettings } from './oidcSettings.ts';
import { roleOf } from './roleOf.ts';

/** Who a JWT of the provider stands for. @throws StasisError Unauthenticated, SignInUnavailable, AuditUnavailable. */
export type SignIn = (jwt: string) => Promise<Caller>;

/** Public keys only: with a shared secret whoever can check a token can make one. */
const algorithms = ['RS256', 'PS256', 'ES256', 'ES384', 'EdDSA', 'Ed25519'];
/** Clocks of provider and api may differ by this much, in seconds. */
const clockToleranceSeconds = 60;

/**
 * Checks a JWT (RFC 7519, with RFC 8725's advice): signature by the provider's keys, issuer, audience, times. Whoever signs in
 * for the first time gets an opaque id, and `subject.joined` is recorded before anything else is done for them.
 */
export function createSignIn(
  ledger: PostgresLedger,
  oidc: OidcSettings,
  keys: JWTVerifyGetKey,
  onRecorded: (recorded: Recorded) => void,
): SignIn {
  return async (jwt) => {
    const claims = await verified(jwt, oidc, keys);
    const role = roleOf(claims, oidc.roles);
    const signedIn = { issuer: oidc.issuer, subject: claims.sub, ...namesIn(claims) };
    const { id, joined } = await identityOf(ledger.database, signedIn, () => newId('sub'));
    if (!joined) {
      onRecorded(await recordJoined(ledger, id, { issuer: oidc.issuer, role }));
      await markJoined(ledger.database, id);
    }
    return { id, role, nodes: [], expires: new Date((claims.exp + clockToleranceSeconds) * 1000) };
  };
}

type Claims = JWTPayload & { readonly sub: string; readonly exp: number };

async function verified(jwt: string, { issuer, audience }: OidcSettings, keys: JWTVerifyGetKey): Promise<Claims> {
  try {
    const { payload } = await jwtVerify<{ sub: string; exp: number }>(jwt, keys, {
      issuer,
      audience,
      algorithms,
      clockTolerance: clockToleranceSeconds,
      requiredClaims: ['sub', 'exp'],
    });
    return payload;
  } catch (error) {
    if (!(error instanceof errors.JOSEError)) throw error;
    throw new StasisError('Unauthenticated', `the token of the identity provider is not good: ${error.message}`, {
      next: `It must come from ${issuer}, be meant for ${audience}, and be of now.`,
      cause: error,
    });
  }
}

const recordJoined = (ledger: PostgresLedger, id: string, data: { issuer: string; role: string }): Promise<Recorded> =>
  recordEvents(ledger, {
    noun: 'subject',
    subject: id,
    actor: { authtype: 'user', authid: id },
    decide: (recorded) => (recorded.length > 0 ? [] : [{ key: 'subject.joined', data }]),
  });

/** OpenID Connect Core 1.0, section 5.1. */
function namesIn({ name, preferred_username: username, email }: JWTPayload): { name?: string; email?: string } {
  const named = [name, username].find((text) => typeof text === 'string');
  return {
    ...(typeof named === 'string' && { name: named.slice(0, 200) }),
    ...(typeof email === 'string' && { email: email.slice(0, 320) }),
  };
}
