import type { Route } from '@stasis/api-contract';
import { newId } from '@stasis/events';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { gateOf } from '../access/gate.ts';
import type { Actor } from '../actor.ts';
import type { Platform } from '../platform.ts';
import { once, requestDigest } from './idempotency.ts';
import type { Call, Implemented } from './implement.ts';
import { formatPlace, positionHeader, readPlace } from './places.ts';
import { requireWellFormed } from './wellFormed.ts';

const longestWaitMs = 10_000;

/** Puts one route of the contract on the server: token, schemas, policies, `?waitFor=`, Idempotency-Key, answer. */
export function registerRoute(
  app: FastifyInstance,
  platform: Platform,
  { route, handler }: Implemented,
  problem: z.ZodType,
): void {
  const gate = gateOf(platform, route);
  app.route({
    method: route.method,
    logLevel: 'warn',
    url: route.path,
    schema: schemaOf(route, problem),
    // The contract's types hold the answers at compile time; writing them is left to JSON.stringify.
    serializerCompiler: () => (answer) => (route.contentType === undefined ? JSON.stringify(answer) : String(answer)),
    onRequest: (request, reply) => gate.identify(request, reply),
    preValidation: async (request) => requireWellFormed(request.body),
    preHandler: (request) => gate.authorise(request),
    handler: async (request, reply) => {
      await waitAsAsked(platform, request.query);
      const actor = gate.actorOf(request);
      gate.watch(request, reply);
      const work = async (reserve: Call<Route>['newId']): Promise<unknown> => {
        try {
          return await handler(callOf(request, reply, actor, reserve));
        } catch (error) {
          await gate.noteDenial(request, error);
          throw error;
        }
      };
      const key = route.idempotent === true ? request.headers['idempotency-key'] : undefined;
      if (typeof key !== 'string') {
        const answer = await work(async (prefix) => newId(prefix));
        return answer === undefined
          ? reply
          : send(reply, route, reply.statusCode === 200 ? route.status : reply.statusCode, answer);
      }
      const owner = {
        tokenId: actor.authid,
        key,
        requestDigest: requestDigest(request.method, request.url, request.body),
      };
      const { status, body } = await once(platform.ledger.database, owner, async (reserve) => ({
        status: route.status,
        body: await work(reserve),
      }));
      return send(reply, route, status, body);
    },
  });
}

function schemaOf(route: Route, problem: z.ZodType): Record<string, unknown> {
  const answer = route.answer;
  return {
    summary: route.summary,
    ...(route.auth ? { security: [{ token: [] }] } : {}),
    ...(route.params && { params: route.params }),
    ...(route.query && { querystring: route.query }),
    ...(route.body && { body: route.bodyOptional ? z.nullish(route.body) : route.body }),
    ...(route.contentType && { produces: [route.contentType] }),
    ...(route.alsoAs && { produces: ['application/json', route.alsoAs] }),
    response: {
      [route.status]: answer,
      ...(route.alsoStatus && { [route.alsoStatus]: answer }),
      default: problem,
    },
  };
}

async function waitAsAsked(platform: Platform, query: unknown): Promise<void> {
  if (typeof query !== 'object' || query === null || !('waitFor' in query) || typeof query.waitFor !== 'string') return;
  const place = readPlace(query.waitFor);
  if (place !== undefined) await platform.heads.waitFor(place.ledger, place.position, longestWaitMs);
}

const callOf = (
  request: FastifyRequest,
  reply: FastifyReply,
  actor: Actor,
  reserve: Call<Route>['newId'],
): Call<Route> => ({
  params: request.params as Call<Route>['params'],
  query: request.query as Call<Route>['query'],
  body: (request.body ?? {}) as unknown as Call<Route>['body'],
  actor,
  newId: reserve,
  reflects: (ledger, position) => void reply.header(positionHeader, formatPlace({ ledger, position })),
  request,
  reply,
});

function send(reply: FastifyReply, route: Route, status: number, body: unknown): FastifyReply {
  void reply.code(status);
  if (!reply.hasHeader('content-type')) void reply.type(route.contentType ?? 'application/json; charset=utf-8');
  return reply.send(body);
}
