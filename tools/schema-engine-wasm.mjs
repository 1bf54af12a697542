#!/usr/bin/env node
// Right on Postgres 18, and it always answers, so that a drift is never taken for none.
// Stand-in for Prisma's native schema-engine where its download host is unreachable: the same JSON-RPC on stdin/stdout,
// run on @prisma/schema-engine-wasm + adapter-pg. Use through PRISMA_SCHEMA_ENGINE_BINARY.
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import path from 'node:path';
import pg from 'pg';
import pgResult from 'pg/lib/result.js';
import { PrismaPg } from '@prisma/adapter-pg';
import { bindMigrationAwareSqlAdapterFactory, ColumnTypeEnum } from '@prisma/driver-adapter-utils';

const argv = process.argv.slice(2);
const all = (n) => argv.flatMap((a, i) => (a === n ? [argv[i + 1]] : []));
if (argv[0] === '--version') {
  console.log('schema-engine-wasm shim');
  process.exit(0);
}
const u = new URL(JSON.parse(all('--datasource')[0] ?? '{}').url ?? 'postgresql://localhost:1/none');
const database = decodeURIComponent(u.pathname.slice(1)),
  schema = u.searchParams.get('schema') ?? undefined;
const conn = {
  host: u.hostname,
  port: Number(u.port || 5432),
  user: decodeURIComponent(u.username),
  password: decodeURIComponent(u.password),
  database,
};

if (argv.includes('cli')) {
  // can-connect-to-database | create-database | drop-database
  const verb = argv.at(-1),
    c = new pg.Client(verb === 'can-connect-to-database' ? conn : { ...conn, database: 'postgres' });
  const log = (level, fields) =>
    console.error(
      JSON.stringify({ timestamp: new Date().toISOString(), level, fields, target: 'schema_engine::logger' }),
    );
  log('INFO', { message: 'Starting schema engine CLI (wasm)' }); // the CLI skips the first line of stderr
  try {
    await c.connect();
    const name = c.escapeIdentifier(database);
    await c.query(
      verb === 'create-database'
        ? `CREATE DATABASE ${name}`
        : verb === 'drop-database'
          ? `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`
          : 'SELECT 1',
    );
    await c.end();
    log('INFO', { message: 'ok' });
    process.exit(0);
  } catch (e) {
    const error_code = { '3D000': 'P1003', '28P01': 'P1000', 28000: 'P1000', '42P04': 'P1009' }[e.code] ?? 'P1001';
    log('ERROR', {
      message: e.message || String(e.code),
      error_code,
      is_panic: false,
      meta: { database_name: database },
    });
    process.exit(1);
  }
}

// adapter-pg 7.10 has no column type for pg's internal "char" (oid 18), which the describer reads as a character
// (Postgres 18 lists NOT NULL constraints there, so every table hits it): mark the column, then give it the right type.
const MARK = '\u0001char:',
  addFields = pgResult.prototype.addFields;
pgResult.prototype.addFields = function (fields) {
  for (const f of fields)
    if (f.dataTypeID === 18) {
      f.dataTypeID = 1042;
      f.name = MARK + f.name;
    }
  return addFields.call(this, fields);
};
const patched = new WeakSet();
const patch = (adapter) => {
  let p = adapter;
  while (p && !Object.hasOwn(p, 'queryRaw')) p = Object.getPrototypeOf(p);
  if (p && !patched.has(p)) {
    patched.add(p);
    const q = p.queryRaw;
    p.queryRaw = async function (x) {
      const r = await q.call(this, x);
      r.columnNames.forEach((n, i) => {
        if (n.startsWith(MARK)) {
          r.columnNames[i] = n.slice(MARK.length);
          r.columnTypes[i] = ColumnTypeEnum.Character;
        }
      });
      return r;
    };
  }
  // adapter-pg splits a script at each semicolon, also inside a function body ($$ … $$); Postgres takes it whole.
  adapter.executeScript = async (script) => {
    try {
      await adapter.client.query(script);
    } catch (e) {
      adapter.onError(e);
    }
  };
  return adapter;
};
const factory = new PrismaPg(conn, schema ? { schema } : undefined);
const connect = factory.connect.bind(factory);
factory.connect = async () => patch(await connect());
factory.connectToShadowDb = async () => {
  // adapter-pg drops the shadow database before it closes its pool; close first
  const name = `prisma_migrate_shadow_db_${crypto.randomUUID()}`,
    admin = await factory.connect();
  await admin.executeScript(`CREATE DATABASE "${name}"`);
  const shadow = patch(await new PrismaPg({ ...conn, database: name }, schema ? { schema } : undefined).connect()),
    close = shadow.dispose.bind(shadow);
  shadow.dispose = async () => {
    await close();
    await admin.executeScript(`DROP DATABASE "${name}" WITH (FORCE)`);
    await admin.dispose();
  };
  return shadow;
};

// The CLI takes an engine that dies without an answer for success (migrate diff --exit-code: 0), so always answer.
const send = (m) => process.stdout.write(JSON.stringify({ jsonrpc: '2.0', ...m }) + '\n');
let pending;
const die = (message) => {
  console.error(message);
  if (pending === undefined) return process.exit(1);
  send({
    id: pending,
    error: {
      code: 4466,
      message: 'schema engine (wasm) failed',
      data: { is_panic: false, message, meta: null, error_code: null },
    },
  });
  setTimeout(() => process.exit(1), 500);
};
globalThis.PRISMA_WASM_PANIC_REGISTRY = {
  message: '',
  set_message(m) {
    this.message = m;
  },
};
process.on('uncaughtException', (e) => die(globalThis.PRISMA_WASM_PANIC_REGISTRY.message || e.message));
process.on('unhandledRejection', (e) => die(globalThis.PRISMA_WASM_PANIC_REGISTRY.message || String(e?.message ?? e)));

const dir = path.dirname(createRequire(import.meta.url).resolve('@prisma/schema-engine-wasm'));
const bg = await import(pathToFileURL(path.join(dir, 'schema_engine_bg.js')).href);
const { instance } = await WebAssembly.instantiate(readFileSync(path.join(dir, 'schema_engine_bg.wasm')), {
  './schema_engine_bg.js': bg,
});
bg.__wbg_set_wasm(instance.exports);
instance.exports.__wbindgen_start();
const datamodels = all('--datamodels').map((p) => [p, readFileSync(p, 'utf8')]);
const bound = bindMigrationAwareSqlAdapterFactory(factory);
let engine;
for await (const line of createInterface({ input: process.stdin })) {
  if (!line.trim()) continue;
  const { id, method, params } = JSON.parse(line);
  if (method === undefined) continue;
  pending = id;
  try {
    engine ??= await bg.SchemaEngine.new({ datamodels: datamodels.length ? datamodels : undefined }, () => {}, bound);
    const result = await engine[{ getDatabaseVersion: 'version' }[method] ?? method](params);
    if (method === 'diff' && result.stdout != null)
      send({ id: 100000 + id, method: 'print', params: { content: result.stdout } });
    send({ id, result: result ?? {} });
  } catch (e) {
    send({
      id,
      error: {
        code: 4466,
        message: 'An error happened. Check the data field for details.',
        data: { is_panic: false, message: e?.message ?? String(e), meta: e?.meta ?? null, error_code: e?.code ?? null },
      },
    });
  }
  pending = undefined;
}
process.exit(0);
