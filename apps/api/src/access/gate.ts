import type { Action, Route } from '@stasis/api-contract';
import { isStasisError, StasisError } from '@stasis/errors';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type Actor, recorder } from '../actor.ts';
import { rememberMs } from '../http/authenticate.ts';
import { limitRate } from '../http/rateLimit.ts';
import type { Platform } from '../platform.ts';
import { type Authorised, authorise, recordIfDenied, recordUnauthenticated } from './authorise.ts';
import type { Principal } from './decide.ts';
import { holdsSecret } from './secrets.ts';

/** What stands before the handler of one route, in the order in which a request meets it. */
export interface Gate {
  /** Before the body is read. @throws StasisError Unauthenticated, TooManyRequests. */
  identify(request: FastifyRequest, reply: FastifyReply): Promise<void>;
  /** Once the request is read and checked. @throws StasisError NotAuthorised, PolicyDenied; BadRequest for a stray token. */
  authorise(request: FastifyRequest): Promise<void>;
  /** Who acts. @throws StasisError Internal for a request that did not come through. */
  actorOf(request: FastifyRequest): Actor;
  /** Cuts off a long answer (an event stream, an export) once its token works no longer. */
  watch(request: FastifyRequest, reply: FastifyReply): void;
  /** Records what a use case denied. */
  noteDenial(request: FastifyRequest, error: unknown): Promise<void>;
}

const open: Gate = {
  identify: async () => {},
  authorise: async () => {},
  actorOf: () => recorder,
  watch: () => {},
  noteDenial: async () => {},
};

export const gateOf = (platform: Platform, route: Route): Gate =>
  route.auth ? tokenGate(platform, route.action, route.contentType !== undefined) : open;

function tokenGate(platform: Platform, action: Action, isLong: boolean): Gate {
  const { authenticate } = platform.access;
  const principals = new WeakMap<FastifyRequest, Principal>();
  const allowed = new WeakMap<FastifyRequest, Authorised>();
  const passed = <T>(map: WeakMap<FastifyRequest, T>, request: FastifyRequest): T => {
    const value = map.get(request);
    if (value === undefined) throw new StasisError('Internal', `${action} was reached past its gate`);
    return value;
  };
  return {
    identify: async (request, reply) => {
      try {
        const principal = await authenticate(request.headers.authorization);
        limitRate(platform.access.rate, principal.id, 'token', reply);
        principals.set(request, principal);
      } catch (error) {
        if (isUnauthenticated(error)) await recordUnauthenticated(platform, action, request.id);
        throw error;
      }
    },
    authorise: async (request) => {
      refuseSecrets(request);
      const lastEventId = request.headers['last-event-id'];
      const asked = {
        params: request.params,
        query: request.query,
        body: request.body,
        lastEventId: typeof lastEventId === 'string' ? lastEventId : undefined,
      };
      allowed.set(request, await authorise(platform, passed(principals, request), action, asked, request.id));
    },
    actorOf: (request) => passed(allowed, request).actor,
    watch: (request, reply) => {
      if (!isLong) return;
      const look = async (): Promise<void> => {
        try {
          await authenticate(request.headers.authorization);
        } catch (error) {
          // While the database is away nobody can have revoked it.
          if (isUnauthenticated(error)) reply.raw.destroy();
        }
      };
      if (reply.raw.destroyed) return;
      const timer = setInterval(() => void look(), rememberMs).unref();
      reply.raw.once('close', () => clearInterval(timer));
    },
    noteDenial: (request, error) => recordIfDenied(platform, passed(allowed, request), action, error, request.id),
  };
}

/**
 * A token outside its header would be kept with what the request leaves: labels, a reason, a query of the audit.
 * @throws StasisError BadRequest.
 */
function refuseSecrets({ params, query, body, headers }: FastifyRequest): void {
  const kept = [params, query, body, headers['idempotency-key'], headers['last-event-id']];
  if (holdsSecret(JSON.stringify(kept)))
    throw new StasisError('BadRequest', 'the request holds a token outside its Authorization header', {
      next: 'Leave it out, and revoke it if others may have seen it.',
    });
}

const isUnauthenticated = (error: unknown): boolean => isStasisError(error) && error.code === 'Unauthenticated';
