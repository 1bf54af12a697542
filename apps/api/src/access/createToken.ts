import { type AnswerOf, routes } from '@stasis/api-contract';
import { newId } from '@stasis/events';
import { putToken } from '@stasis/ledger/postgres';
import { type Call, implement, type Implemented } from '../http/implement.ts';
import type { Platform } from '../platform.ts';
import { record } from '../recordRequest.ts';
import { newSecret } from './secrets.ts';

const route = routes.createToken;

/** POST /v1/tokens: recorded first, then kept as a hash. A crash between the two leaves a token that nobody has. */
export const createToken = (platform: Platform): Implemented => implement(route, (call) => create(platform, call));

async function create(platform: Platform, call: Call<typeof route>): Promise<AnswerOf<typeof route>> {
  const { name, role, expiresIn, nodes } = call.body;
  const id = newId('sub');
  const secret = newSecret();
  const created = new Date();
  const expires = new Date(created.getTime() + expiresIn * 1000);
  const limits = { ...(nodes && { nodes }) };
  const { added } = await record(platform, {
    noun: 'token',
    subject: id,
    actor: call.actor,
    decide: (recorded) =>
      recorded.length > 0 ? [] : [{ key: 'token.created', data: { role, ...limits, expires: expires.toISOString() } }],
  });
  await putToken(platform.ledger.database, { id, name, role, secret, created, expires, ...limits });
  const last = added.at(-1);
  if (last !== undefined) call.reflects(last.event.ledger, last.position);
  void call.reply.header('cache-control', 'no-store');
  const dates = { created: created.toISOString(), expires: expires.toISOString(), revoked: null };
  return { id, name, role, ...limits, ...dates, secret };
}
