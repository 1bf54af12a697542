import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import cookie from '@fastify/cookie';
import { routes } from '@stasis/api-contract';
import { StasisError } from '@stasis/errors';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { EncryptJWT, errors, jwtDecrypt } from 'jose';
import { whoamiOf } from '../access/readTokens.ts';
import { writeNew } from '../http/adminToken.ts';
import { implement, type Implemented } from '../http/implement.ts';
import type { Platform } from '../platform.ts';

const cookieName = 'stasis_session';
/** A session ends this long after its last request, and this long after it was opened, in seconds. */
const idleSeconds = 30 * 60;
const longestSeconds = 12 * 60 * 60;
/** A cookie older than this is sealed anew, in seconds. */
const renewAfterSeconds = 60;
/** Other sites cannot set it without asking first, so a cookie without it is not heard. */
const consoleHeader = 'x-stasis-console';

interface Session {
  readonly token: string;
  /** Seconds since 1970. */
  readonly opened: number;
  readonly sealed: number;
}

/**
 * Lets a console's cookie stand for the token it was opened with. The cookie is a JWE (RFC 7516, A256GCM) under the key
 * in `<home>/session.key`: scripts cannot read it, other sites cannot use it, and a token that is revoked takes its
 * sessions with it.
 */
export async function acceptSessions(app: FastifyInstance, home: string): Promise<void> {
  const key = await loadSessionKey(home);
  await app.register(cookie);
  app.decorateReply('setSession', async function set(this: FastifyReply, session: Omit<Session, 'sealed'>) {
    void this.setCookie(cookieName, await seal(session, key), attributesOf(this.request));
  });
  app.addHook('onRequest', async (request, reply) => {
    const sealed = request.cookies[cookieName];
    if (sealed === undefined || request.headers.authorization !== undefined) return;
    if (request.headers[consoleHeader] !== '1') return;
    // A session is opened with a token; one that could open the next would never end.
    if (request.method === 'POST' && request.routeOptions.url === routes.openSession.path) return;
    const session = await unseal(sealed, key);
    if (session === undefined) return void reply.clearCookie(cookieName, attributesOf(request));
    request.headers.authorization = `Bearer ${session.token}`;
    if (seconds() - session.sealed > renewAfterSeconds) await reply.setSession(session);
  });
}

declare module 'fastify' {
  interface FastifyReply {
    setSession(session: { token: string; opened: number }): Promise<void>;
  }
}

/** POST and DELETE /v1/session. */
export const sessions = (platform: Platform): Implemented[] => [
  implement(routes.openSession, async ({ request, reply }) => {
    const token = /^Bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1];
    if (token === undefined) throw new StasisError('Unauthenticated', 'the request carries no bearer token');
    await reply.setSession({ token, opened: seconds() });
    return whoamiOf(platform, request.headers.authorization);
  }),
  implement(routes.closeSession, async ({ request, reply }) => {
    void reply.clearCookie(cookieName, attributesOf(request));
    return { closed: true } as const;
  }),
];

const seconds = (): number => Math.floor(Date.now() / 1000);

const attributesOf = (request: FastifyRequest) =>
  ({ httpOnly: true, sameSite: 'strict', path: '/', secure: request.protocol === 'https' }) as const;

const seal = ({ token, opened }: Omit<Session, 'sealed'>, key: Uint8Array): Promise<string> =>
  new EncryptJWT({ token, opened })
    .setProtectedHeader({ alg: 'dir', enc: 'A256GCM' })
    .setIssuedAt()
    .setExpirationTime(Math.min(seconds() + idleSeconds, opened + longestSeconds))
    .encrypt(key);

/** Absent for a cookie that is not ours, was changed, or has ended. */
async function unseal(sealed: string, key: Uint8Array): Promise<Session | undefined> {
  try {
    const { payload } = await jwtDecrypt<{ token: string; opened: number }>(sealed, key, {
      keyManagementAlgorithms: ['dir'],
      contentEncryptionAlgorithms: ['A256GCM'],
      requiredClaims: ['iat', 'exp'],
    });
    return { token: payload.token, opened: payload.opened, sealed: payload.iat ?? 0 };
  } catch (error) {
    if (error instanceof errors.JOSEError) return undefined;
    throw error;
  }
}

/** 32 random bytes in `<home>/session.key` (base64, 0600); the first use makes them. */
async function loadSessionKey(home: string): Promise<Uint8Array> {
  const file = path.join(home, 'session.key');
  await writeNew(file, `${randomBytes(32).toString('base64')}\n`);
  const key = new Uint8Array(Buffer.from((await readFile(file, 'utf8')).trim(), 'base64'));
  if (key.length !== 32)
    throw new StasisError('ConfigInvalid', `${file} is not a session key (base64 of 32 bytes)`, {
      next: 'Remove it: the next start makes another, and every console signs in again.',
    });
  return key;
}
