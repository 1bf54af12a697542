import { isStasisError } from '@stasis/errors';
import { createApiLogin } from '@stasis/ledger/api-login';
import { keptPassword } from './keptPassword.ts';
import type { Stack } from './startStack.ts';

/**
 * What the api gets as DATABASE_URL: a login that adds to the ledger and cannot change or remove what is there; the owner of
 * the tables stays with the migrations. Its password is kept in the home (0600). Where such a login cannot be made, the api
 * runs as the owner, and that is said.
 */
export const apiDatabaseUrl = async (
  home: string,
  stack: Pick<Stack, 'bus' | 'databaseUrl'>,
  say: (line: string) => void,
): Promise<string> => {
  try {
    return await createApiLogin({
      connectionString: stack.databaseUrl,
      password: keptPassword(home, 'api.password'),
      ...(stack.bus === 'postgres' && { schemas: ['stasis_bus'] }),
    });
  } catch (error) {
    if (!isStasisError(error)) throw error;
    say(`the api runs as the owner of the database, who can change the ledger: ${error.message} ${error.next ?? ''}`);
    return stack.databaseUrl;
  }
};
