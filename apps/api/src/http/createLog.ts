import type { FastifyBaseLogger } from 'fastify';
import Fastify from 'fastify';
import { masked } from '../access/secrets.ts';

/**
 * A pino log, made through fastify, on stdout unless told otherwise. Fields that hold a token are left out, and a token
 * anywhere else in a line, as in the URL of a request, is made unreadable.
 */
export function createLog(
  level: string,
  write = (line: string): void => void process.stdout.write(line),
): FastifyBaseLogger {
  const redact = ['req.headers.authorization', 'headers.authorization', 'authorization', 'token', 'secret'];
  return Fastify({ logger: { level, redact, stream: { write: (line: string) => write(masked(line)) } } }).log;
}
