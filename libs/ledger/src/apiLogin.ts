import { messageOf, StasisError } from '@stasis/errors';
import pg from 'pg';

/** The group that the migrations give their rights to: it adds to the ledger and changes nothing in it. */
const group = 'stasis_api';

export interface ApiLogin {
  /** URL of the owner of the tables, who may also create roles; migrations are applied. */
  readonly connectionString: string;
  readonly password: string;
  /** Schemas beside `public` in which it may do everything but change what is there, for instance that of the Postgres bus. */
  readonly schemas?: readonly string[];
}

/**
 * Makes (or resets the password of) the login that the api uses, a member of `stasis_api` named after the database.
 * Resolves with its URL. Idempotent; one connection, one round trip once it is there.
 * @throws StasisError ConfigInvalid when this server's roles cannot be made by that owner.
 */
export async function createApiLogin({ connectionString, password, schemas = [] }: ApiLogin): Promise<string> {
  const url = new URL(connectionString);
  const role = `stasis_api_${decodeURIComponent(url.pathname.slice(1))}`;
  const name = pg.escapeIdentifier(role);
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    const { rowCount } = await client.query('select from pg_roles where rolname = $1', [role]);
    const secret = pg.escapeLiteral(password);
    await client.query(
      [
        `${rowCount === 0 ? 'create' : 'alter'} role ${name} with login password ${secret}`,
        `grant ${group} to ${name}`,
        ...schemas.flatMap(rightsIn),
      ].join('; '),
    );
  } catch (error) {
    throw new StasisError('ConfigInvalid', `The login of the api cannot be made: ${messageOf(error)}`, {
      next: `Let DATABASE_URL name an owner with CREATEROLE, or make the role ${group} and a member of it yourself.`,
      cause: error,
    });
  } finally {
    await client.end();
  }
  return Object.assign(url, { username: encodeURIComponent(role), password: encodeURIComponent(password) }).href;
}

const rightsIn = (schema: string): string[] => {
  const name = pg.escapeIdentifier(schema);
  return [
    `grant usage on schema ${name} to ${group}`,
    `grant select, insert, update, delete on all tables in schema ${name} to ${group}`,
    `grant usage, select, update on all sequences in schema ${name} to ${group}`,
    `grant execute on all functions in schema ${name} to ${group}`,
  ];
};
