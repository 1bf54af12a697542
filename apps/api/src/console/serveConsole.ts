import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance } from 'fastify';

/** Where `vite build` puts the console. */
export const consoleFiles = path.resolve(import.meta.dirname, '../../../console/dist');

const notBuilt = `<!doctype html><html lang="en"><meta charset="utf-8"><title>Stasis</title>
<p>The console is not built. Run <code>npm run setup</code>, then reload. The API is at <a href="/openapi.json">/openapi.json</a>.</p></html>`;

/**
 * Serves the console at `/` and at every address of its own. The page may load what is here and nothing else: no inline
 * script, and styles by this answer's nonce alone.
 */
export async function serveConsole(app: FastifyInstance, folder: string): Promise<void> {
  // The names of assets hold the digest of their content: whoever has one has it for good.
  const assets = { root: path.join(folder, 'assets'), prefix: '/assets/', index: false, decorateReply: false } as const;
  await app.register(fastifyStatic, { ...assets, immutable: true, maxAge: '365d' });
  app.get('/stasis.svg', { schema: { hide: true }, logLevel: 'warn' }, async (_, reply) =>
    reply.type('image/svg+xml').send(await fileOf(folder, 'stasis.svg')),
  );
  // The addresses of apps/console/src/router.tsx.
  for (const url of ['/', '/sign-in', '/audit', '/containers/:node/:name', '/checkpoints/:id', '/restores/:id'])
    app.get(url, { schema: { hide: true }, logLevel: 'warn' }, async (_, reply) => {
      const nonce = randomBytes(16).toString('base64');
      void reply.header('content-security-policy', policyOf(nonce)).header('cache-control', 'no-store');
      const page = (await fileOf(folder, 'index.html')) ?? notBuilt;
      return reply.type('text/html; charset=utf-8').send(page.replace('__STASIS_NONCE__', nonce));
    });
}

/** Absent when the console is not built. */
async function fileOf(folder: string, name: string): Promise<string | undefined> {
  try {
    return await readFile(path.join(folder, name), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
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
