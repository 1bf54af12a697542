import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance, FastifyReply } from 'fastify';

/** Where `vite build` puts the console. */
export const consoleFiles = path.resolve(import.meta.dirname, '../../../console/dist');

const notBuilt = `<!doctype html><html lang="en"><meta charset="utf-8"><title>Stasis</title>
<p>The console is not built. Run <code>npm run setup</code>, then reload. The API is at <a href="/openapi.json">/openapi.json</a>.</p></html>`;

/**
 * Serves the console at `/` and at every address of its own. The page may load what is here and nothing else: no inline
 * script, and styles by this answer's nonce alone.
 */
export async function serveConsole(app: FastifyInstance, folder: string): Promise<void> {
  const page = existsSync(path.join(folder, 'index.html'))
    ? await readFile(path.join(folder, 'index.html'), 'utf8')
    : notBuilt;
  if (existsSync(path.join(folder, 'assets')))
    await app.register(fastifyStatic, { root: folder, index: false, immutable: true, maxAge: '365d', wildcard: false });
  const send = (reply: FastifyReply): FastifyReply => {
    const nonce = randomBytes(16).toString('base64');
    return reply
      .header('content-security-policy', policyOf(nonce))
      .header('cache-control', 'no-store')
      .type('text/html; charset=utf-8')
      .send(page.replace('__STASIS_NONCE__', nonce));
  };
  // The addresses of apps/console/src/router.tsx.
  for (const url of ['/', '/sign-in', '/audit', '/containers/:node/:name', '/checkpoints/:id', '/restores/:id'])
    app.get(url, { schema: { hide: true }, logLevel: 'warn' }, async (_, reply) => send(reply));
}

const policyOf = (nonce: string): string =>
  [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self'",
    "font-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join('; ');
