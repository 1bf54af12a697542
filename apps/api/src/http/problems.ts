import { problemContentType, problemOf } from '@stasis/api-contract';
import { isStasisError, messageOf, StasisError } from '@stasis/errors';
import { isDatabaseAway } from '@stasis/ledger/postgres';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

/** Answers every error as an RFC 9457 problem. What is not a StasisError is "internal" to the caller and whole in the log. */
export function answerProblems(app: FastifyInstance): void {
  app.setErrorHandler((thrown, request, reply) => {
    const error = stasisErrorOf(thrown);
    if (error.row.http >= 500) request.log.error({ err: thrown }, 'a request failed');
    return sendProblem(error, request, reply);
  });
  app.setNotFoundHandler((request, reply) => {
    const [path] = request.url.split('?');
    const error = new StasisError('RouteNotFound', `there is no ${request.method} ${path}`, {
      next: 'GET /openapi.json lists the routes.',
    });
    return sendProblem(error, request, reply);
  });
}

function sendProblem(error: StasisError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (error.code === 'Unauthenticated') void reply.header('www-authenticate', 'Bearer');
  if (error.row.retryable && !reply.hasHeader('retry-after')) void reply.header('retry-after', '1');
  return reply
    .code(error.row.http)
    .type(problemContentType)
    .serializer((problem: unknown) => JSON.stringify(problem))
    .send(problemOf(error, request.id));
}

/** The cause goes to the log, not to the caller. */
const databaseAway = (cause: unknown): StasisError =>
  new StasisError('AuditUnavailable', 'the database of the ledger does not answer', { next: 'Try again.', cause });

interface FrameworkError {
  readonly code?: string;
  readonly statusCode?: number;
  readonly validation?: readonly { readonly instancePath?: string; readonly message?: string }[];
  readonly validationContext?: string;
}

function stasisErrorOf(thrown: unknown): StasisError {
  if (isStasisError(thrown)) return thrown;
  if (isDatabaseAway(thrown)) return databaseAway(thrown);
  const error: FrameworkError = typeof thrown === 'object' && thrown !== null ? thrown : {};
  if (error.validation !== undefined) {
    const where = error.validationContext ?? 'body';
    const details = error.validation.map(({ instancePath, message }) => ({
      field: instancePath || '/',
      message: message ?? 'is not well formed',
    }));
    const first = details[0];
    return new StasisError('BadRequest', `${where} is malformed at ${first?.field ?? '/'}: ${first?.message ?? ''}`, {
      details,
    });
  }
  if (error.statusCode === 413 || error.code === 'FST_ERR_CTP_BODY_TOO_LARGE')
    return new StasisError('PayloadTooLarge', 'the request body is larger than 1 MiB');
  if (error.statusCode !== undefined && error.statusCode >= 400 && error.statusCode < 500)
    return new StasisError('BadRequest', messageOf(thrown));
  return new StasisError('Internal', 'something went wrong inside Stasis', {
    next: 'The log of the api has the cause under this request id.',
    cause: thrown,
  });
}
