import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createBusLogin } from '@stasis/bus/postgres';
import type { Stack } from './startStack.ts';

/**
 * What an agent gets as DATABASE_URL: nothing over Kafka; over the Postgres bus a login that may publish, fetch and
 * acknowledge and sees no table. Its password is kept in the home (0600). Idempotent.
 */
export const agentDatabaseUrl = async (home: string, stack: Pick<Stack, 'bus' | 'databaseUrl'>): Promise<string> => {
  if (stack.bus !== 'postgres') return '';
  const file = path.join(home, 'bus.password');
  if (!existsSync(file)) writeFileSync(file, randomBytes(18).toString('hex'), { mode: 0o600 });
  return createBusLogin({ connectionString: stack.databaseUrl, password: readFileSync(file, 'utf8').trim() });
};
