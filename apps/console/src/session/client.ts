import { type Client, createClient } from '@stasis/api-contract';

/**
 * Calls carry the session's cookie, and a header that no other site can set without asking first: the api takes a cookie
 * only together with it.
 */
export const consoleFetch: typeof fetch = (input, init = {}) =>
  fetch(input, {
    ...init,
    credentials: 'same-origin',
    headers: { ...(init.headers as Record<string, string>), 'x-stasis-console': '1' },
  });

export const api: Client = createClient({ server: location.origin, fetch: consoleFetch });
