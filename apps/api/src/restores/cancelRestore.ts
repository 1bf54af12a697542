import { type AnswerOf, routes } from '@stasis/api-contract';
import { cancelRestore as decide, evolveRestore, noRestore } from '@stasis/lifecycle';
import { restoreOf, stateOf } from '../foldStream.ts';
import { type Call, implement, type Implemented } from '../http/implement.ts';
import { restoreNotFound } from '../notFound.ts';
import type { Platform } from '../platform.ts';
import { record } from '../recordRequest.ts';
import { sealReason } from '../sealReason.ts';

const route = routes.cancelRestore;

/** POST /v1/restores/:id/cancel: honoured before the node has begun, else 409. Canceling twice is one cancel. */
export const cancelRestore = (platform: Platform): Implemented => implement(route, (call) => cancel(platform, call));

async function cancel(platform: Platform, call: Call<typeof route>): Promise<AnswerOf<typeof route>> {
  const { id } = call.params;
  const reason = call.body.reason === undefined ? undefined : sealReason(call.body.reason);
  const { stream } = await record(platform, {
    noun: 'restore',
    subject: id,
    actor: call.actor,
    reason,
    decide: (recorded) => decide(stateOf(recorded, noRestore, evolveRestore), reason?.leaf),
  });
  const view = restoreOf(stream);
  if (view === undefined) throw restoreNotFound(id);
  call.reflects(view.ledger, view.position);
  return view;
}
