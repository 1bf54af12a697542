import { randomUUID } from 'node:crypto';
import helmet from '@fastify/helmet';
import swagger from '@fastify/swagger';
import { problem } from '@stasis/api-contract';
import Fastify, { type FastifyBaseLogger, type FastifyInstance } from 'fastify';
import {
  jsonSchemaTransform,
  jsonSchemaTransformObject,
  serializerCompiler,
  validatorCompiler,
} from 'fastify-type-provider-zod';
import { serveConsole, consoleFiles } from '../console/serveConsole.ts';
import { acceptSessions } from '../console/session.ts';
import type { Platform } from '../platform.ts';
import type { Implemented } from './implement.ts';
import { formatPlace, positionHeader } from './places.ts';
import { answerProblems } from './problems.ts';
import { createRateLimit, limitRate } from './rateLimit.ts';
import { registerRoute } from './registerRoute.ts';
import { readTls } from './tls.ts';

const bodyLimit = 1024 * 1024;
/** For a request to arrive whole; its answer may take longer. */
const requestTimeout = 30_000;

/** The HTTP server with all routes, not yet listening. */
export async function createServer(
  platform: Platform,
  log: FastifyBaseLogger,
  routes: readonly Implemented[],
): Promise<FastifyInstance> {
  const { tls, requestsPerSecond } = platform.settings;
  // Routes and hooks are the same on both kinds of server; fastify has a type for each.
  const app = Fastify({
    https: tls === undefined ? null : await readTls(tls),
    loggerInstance: log,
    bodyLimit,
    requestTimeout,
    genReqId: () => randomUUID(),
    // Requests under way are answered; idle connections are closed.
    forceCloseConnections: 'idle',
    exposeHeadRoutes: false,
  }) as unknown as FastifyInstance;
  await secure(app, tls !== undefined, requestsPerSecond);
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  acceptEmptyJson(app);
  answerProblems(app);
  app.addHook('preClose', async () => platform.closing.abort());
  app.addHook('onSend', async (request, reply) => {
    void reply.header('x-request-id', request.id);
    if (!reply.hasHeader(positionHeader))
      void reply.header(positionHeader, formatPlace({ ledger: 'default', position: platform.heads.get('default') }));
  });
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.1',
      info: { title: 'Stasis', version: '0.1.0', description: 'Checkpoints and restores containers across a fleet.' },
      components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
    },
    transform: jsonSchemaTransform,
    transformObject: jsonSchemaTransformObject,
  });
  await acceptSessions(app, platform.settings.home);
  await serveConsole(app, consoleFiles);
  await app.register(async (scope) => {
    for (const implemented of routes) registerRoute(scope, platform, implemented, problem);
    scope.get('/openapi.json', { schema: { hide: true } }, async () => app.swagger());
  });
  await app.ready();
  return app;
}

/** Security headers on every answer, and a limit on the requests of one address before anything is read of them. */
async function secure(app: FastifyInstance, hasTls: boolean, requestsPerSecond: number): Promise<void> {
  await app.register(helmet, {
    strictTransportSecurity: hasTls,
    contentSecurityPolicy: { directives: { upgradeInsecureRequests: null } },
  });
  const limit = createRateLimit(requestsPerSecond);
  app.addHook('onRequest', async (request, reply) => limitRate(limit, request.ip, 'address', reply));
}

/** A POST with the JSON content type and no body is one without a body, as fetch libraries send it. */
function acceptEmptyJson(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error');
  app.removeContentTypeParser('application/json');
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body === '') done(null, undefined);
    else void parse(request, String(body), done);
  });
}
