import type { ServerResponse } from 'node:http';

/** Aborted once the reader of a long answer is gone, also one that left before anybody listened, or the api closes. */
export function whileRead(response: ServerResponse, closing: AbortSignal): AbortSignal {
  const gone = new AbortController();
  if (response.destroyed) gone.abort();
  else response.once('close', () => gone.abort());
  return AbortSignal.any([gone.signal, closing]);
}
