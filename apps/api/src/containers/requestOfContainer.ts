import type { ContainerRequested, Route } from '@stasis/api-contract';
import type { EventData, ReasonGiven } from '@stasis/events';
import { evolveContainer, noContainer, requestOfContainer as decide } from '@stasis/lifecycle';
import { deadlineOf } from '../deadline.ts';
import { containerOf, stateOf } from '../foldStream.ts';
import type { Call } from '../http/implement.ts';
import { agentIsLost, findNode } from '../nodes/nodeIsLost.ts';
import type { Platform } from '../platform.ts';
import { present, record } from '../recordRequest.ts';
import { sealReason } from '../sealReason.ts';

interface Asked {
  readonly node: string;
  readonly name: string;
  readonly verb: EventData<'container.requested'>['verb'];
  /** For a start: what to run. */
  readonly what?: Pick<EventData<'container.requested'>, 'bundle' | 'imagePath' | 'command' | 'env' | 'cwd' | 'labels'>;
  readonly reason?: string | ReasonGiven | undefined;
  readonly timeoutSeconds?: number | undefined;
}

/** Records a start, stop or removal (and, where it cannot work, its refusal); the restorer of the node does it. */
export async function recordContainerRequest<R extends Route>(
  platform: Platform,
  call: Pick<Call<R>, 'actor' | 'newId' | 'reflects' | 'reply'>,
  asked: Asked,
): Promise<ContainerRequested> {
  const { node, name, verb, what = {}, timeoutSeconds } = asked;
  const eventId = await call.newId('evt');
  const nodeIsLost =
    what.imagePath === undefined && agentIsLost(await findNode(platform.ledger.database, node), 'restorer');
  const reason = asked.reason === undefined ? undefined : sealReason(asked.reason);
  const request: EventData<'container.requested'> = {
    container: `${node}/${name}`,
    node,
    verb,
    ...what,
    ...(reason && { reason: reason.leaf }),
    deadline: deadlineOf(platform.settings, timeoutSeconds),
  };
  const { stream } = await record(platform, {
    noun: 'container',
    subject: request.container,
    actor: call.actor,
    firstId: eventId,
    reason,
    decide: (recorded) =>
      recorded.some(({ event }) => event.id === eventId)
        ? []
        : decide({ eventId, request, nodeIsLost }, stateOf(recorded, noContainer, evolveContainer)),
  });
  const view = present(containerOf(stream));
  call.reflects(view.ledger, view.position);
  void call.reply.header('location', `/v1/containers/${view.id}`);
  return { ...view, request: eventId };
}
