import { createClient } from '@stasis/api-contract';
import type { Session } from '../session.ts';
import type { Up } from '../up/index.ts';

/** A session with the platform that this process has started, as its admin. */
export const platformSession = (base: Pick<Session, 'io' | 'printer'>, { url, token }: Up): Session => {
  const connection = { server: url, token };
  return { ...base, connection, client: createClient(connection) };
};
