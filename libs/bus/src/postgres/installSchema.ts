import pg from 'pg';
import { StasisError } from '@stasis/errors';
import { clientFunctions, schemaSql, schemaVersion } from './schema.ts';

/** @throws StasisError ConfigInvalid unless it is a plain lower-case name: it is written into SQL. */
export const checkName = (what: string, name: string): string => {
  if (/^[a-z_][a-z0-9_]{0,40}$/.test(name)) return name;
  throw new StasisError('ConfigInvalid', `The ${what} "${name}" of the Postgres bus is not a plain lower-case name.`);
};

/**
 * Makes the bus's schema if it is missing or older. A login that may only execute the functions finds them in place and
 * changes nothing. Idempotent, and safe when several processes start at once.
 */
export const installSchema = async (client: pg.ClientBase, schema: string): Promise<void> => {
  if (await isInstalled(client, schema)) return;
  await client.query('begin');
  try {
    await client.query(`select pg_advisory_xact_lock(hashtextextended($1, 0))`, [`install ${schema}`]);
    if (!(await isInstalled(client, schema))) await client.query(schemaSql(schema));
    await client.query('commit');
  } catch (error) {
    await client.query('rollback');
    throw error;
  }
};

const isInstalled = async (client: pg.ClientBase, schema: string): Promise<boolean> => {
  const { rows } = await client.query<{ found: boolean; readable: boolean }>(
    `select to_regclass($1) is not null as found, coalesce(has_table_privilege(to_regclass($1), 'select'), false) as readable`,
    [`${schema}.meta`],
  );
  if (rows[0]?.found !== true) return false;
  if (!rows[0].readable) return true;
  const version = await client.query<{ version: number }>(`select version from ${schema}.meta`);
  return (version.rows[0]?.version ?? 0) >= schemaVersion;
};

export interface BusLogin {
  /** URL of an owner of the bus's schema who may also create roles. */
  readonly connectionString: string;
  readonly password: string;
  readonly role?: string;
  readonly schema?: string;
}

/**
 * Makes (or resets the password of) the login that node agents use: it can publish, fetch and acknowledge and sees no
 * table. Resolves with its URL. Idempotent.
 */
export const createBusLogin = async (login: BusLogin): Promise<string> => {
  const role = checkName('role', login.role ?? 'stasis_bus');
  const schema = checkName('schema', login.schema ?? 'stasis_bus');
  const client = new pg.Client({ connectionString: login.connectionString });
  await client.connect();
  try {
    await installSchema(client, schema);
    const { rowCount } = await client.query('select from pg_roles where rolname = $1', [role]);
    const verb = rowCount === 0 ? 'create' : 'alter';
    await client.query(`${verb} role ${role} with login password ${pg.escapeLiteral(login.password)}`);
    await client.query(`grant usage on schema ${schema} to ${role}`);
    for (const name of clientFunctions) await client.query(`grant execute on function ${schema}.${name} to ${role}`);
  } finally {
    await client.end();
  }
  const url = new URL(login.connectionString);
  url.username = role;
  url.password = encodeURIComponent(login.password);
  return url.href;
};
