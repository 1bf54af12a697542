import { fileURLToPath } from 'node:url';
import { defineConfig } from 'prisma/config';

// The Prisma CLI loads this file before it looks for its engine, so the engine needs no download and no wrapper:
// tools/schema-engine-wasm.mjs speaks the same protocol. STASIS_PRISMA_NATIVE=1 leaves Prisma to its own engine.
if (process.env.STASIS_PRISMA_NATIVE !== '1')
  process.env.PRISMA_SCHEMA_ENGINE_BINARY ??= fileURLToPath(new URL('./tools/schema-engine-wasm.mjs', import.meta.url));

export default defineConfig({
  schema: 'prisma/schema.prisma',
  migrations: { path: 'prisma/migrations' },
  datasource: { url: process.env.DATABASE_URL ?? 'postgresql://postgres:postgres@127.0.0.1:55432/stasis' },
});
