import { type AnswerOf, routes } from '@stasis/api-contract';
import { cancelCheckpoint as decide, evolveCheckpoint, noCheckpoint } from '@stasis/lifecycle';
import { checkpointOf, stateOf } from '../foldStream.ts';
import { type Call, implement, type Implemented } from '../http/implement.ts';
import { checkpointNotFound } from '../notFound.ts';
import type { Platform } from '../platform.ts';
import { record } from '../recordRequest.ts';
import { sealReason } from '../sealReason.ts';

const route = routes.cancelCheckpoint;

/** POST /v1/checkpoints/:id/cancel: honoured before the capture starts, else 409. Canceling twice is one cancel. */
export const cancelCheckpoint = (platform: Platform): Implemented => implement(route, (call) => cancel(platform, call));

async function cancel(platform: Platform, call: Call<typeof route>): Promise<AnswerOf<typeof route>> {
  const { id } = call.params;
  const reason = call.body.reason === undefined ? undefined : sealReason(call.body.reason);
  const { stream } = await record(platform, {
    noun: 'checkpoint',
    subject: id,
    actor: call.actor,
    reason,
    decide: (recorded) => decide(stateOf(recorded, noCheckpoint, evolveCheckpoint), reason?.leaf),
  });
  const view = checkpointOf(stream);
  if (view === undefined) throw checkpointNotFound(id);
  call.reflects(view.ledger, view.position);
  return view;
}
