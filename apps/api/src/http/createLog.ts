import type { FastifyBaseLogger } from 'fastify';
import Fastify from 'fastify';

/** A pino log on stdout, made through fastify; what could hold a token is never written. */
export function createLog(level: string): FastifyBaseLogger {
  const redact = ['req.headers.authorization', 'headers.authorization', 'authorization', 'token', 'secret'];
  return Fastify({ logger: { level, redact } }).log;
}
