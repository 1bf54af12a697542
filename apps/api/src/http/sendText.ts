import type { Route } from '@stasis/api-contract';
import type { Call } from './implement.ts';

type Asked = Pick<Call<Route>, 'request' | 'reply'>;

/** Whether a caller takes text/plain and not JSON. @param otherwise what one gets who accepts neither by name. */
export function wantsText({ request }: Asked, { otherwise }: { readonly otherwise: boolean }): boolean {
  const accept = request.headers.accept ?? '';
  if (accept.includes('application/json')) return false;
  return accept.includes('text/plain') || otherwise;
}

/** Answers with a text in the place of the route's JSON. */
export function sendText({ reply }: Asked, text: string): undefined {
  void reply
    .type('text/plain; charset=utf-8')
    .serializer((sent: unknown) => String(sent))
    .send(text);
}
