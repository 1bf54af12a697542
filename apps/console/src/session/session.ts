import { createClient, type Whoami } from '@stasis/api-contract';
import { isStasisError } from '@stasis/errors';
import { queryOptions, useQuery } from '@tanstack/react-query';
import { api, consoleFetch } from './client.ts';
import { queries } from './queries.ts';

/** Opens a session with a token; from then on the browser's cookie speaks for it. @throws StasisError Unauthenticated */
export async function signIn(token: string): Promise<void> {
  const once = createClient({ server: location.origin, token, fetch: consoleFetch });
  queries.setQueryData(session.queryKey, await once.openSession());
}

export async function signOut(): Promise<void> {
  await api.closeSession();
  queries.clear();
}

/** Who is signed in; null = nobody. */
export const session = queryOptions({
  queryKey: ['session'],
  staleTime: 60_000,
  refetchInterval: 60_000,
  queryFn: async (): Promise<Whoami | null> => {
    try {
      return await api.whoami();
    } catch (error) {
      if (isStasisError(error) && error.code === 'Unauthenticated') return null;
      throw error;
    }
  },
});

export const useSession = () => useQuery(session);
