import { createBusLogin } from '@stasis/bus/postgres';
import { keptPassword } from './keptPassword.ts';
import type { Stack } from './startStack.ts';

/**
 * What an agent gets as DATABASE_URL: nothing over Kafka; over the Postgres bus a login that may publish, fetch and
 * acknowledge and sees no table. Its password is kept in the home (0600). Idempotent.
 */
export const agentDatabaseUrl = async (home: string, stack: Pick<Stack, 'bus' | 'databaseUrl'>): Promise<string> =>
  stack.bus === 'postgres'
    ? createBusLogin({ connectionString: stack.databaseUrl, password: keptPassword(home, 'bus.password') })
    : '';
