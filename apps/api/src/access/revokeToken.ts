import { type AnswerOf, routes } from '@stasis/api-contract';
import { typeOf } from '@stasis/events';
import { getToken, revokeToken as endToken } from '@stasis/ledger/postgres';
import { type Call, implement, type Implemented } from '../http/implement.ts';
import { tokenNotFound } from '../notFound.ts';
import type { Platform } from '../platform.ts';
import { record } from '../recordRequest.ts';
import { sealReason } from '../sealReason.ts';
import { tokenViewOf } from './readTokens.ts';

const route = routes.revokeToken;

/**
 * POST /v1/tokens/:id/revoke: recorded first, then done; a try that was cut off between the two is finished by the next.
 * The token works no longer on this api once it is answered, on others within `rememberMs` of authenticate.ts.
 */
export const revokeToken = (platform: Platform): Implemented => implement(route, (call) => revoke(platform, call));

async function revoke(platform: Platform, call: Call<typeof route>): Promise<AnswerOf<typeof route>> {
  const { id } = call.params;
  const { database } = platform.ledger;
  if ((await getToken(database, id)) === undefined) throw tokenNotFound(id);
  const reason = call.body.reason === undefined ? undefined : sealReason(call.body.reason);
  const { stream } = await record(platform, {
    noun: 'token',
    subject: id,
    actor: call.actor,
    reason,
    decide: (recorded) =>
      recorded.some(({ event }) => event.type === typeOf('token.revoked'))
        ? []
        : [{ key: 'token.revoked', data: { ...(reason && { reason: reason.leaf }) } }],
  });
  await endToken(database, id);
  platform.access.authenticate.forget(id);
  const last = stream.at(-1);
  if (last !== undefined) call.reflects(last.event.ledger, last.position);
  const token = await getToken(database, id);
  if (token === undefined) throw tokenNotFound(id);
  return tokenViewOf(token);
}
