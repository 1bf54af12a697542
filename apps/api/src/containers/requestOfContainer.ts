import type { ContainerRequested, Route } from '@stasis/api-contract';
import { StasisError } from '@stasis/errors';
import type { EventData, ReasonGiven } from '@stasis/events';
import {
  currentKeyOf,
  evolveContainer,
  noContainer,
  type NodeView,
  requestOfContainer as decide,
} from '@stasis/lifecycle';
import { seal } from '@stasis/proof';
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
  readonly what?: Pick<EventData<'container.requested'>, 'bundle' | 'imagePath' | 'command' | 'cwd' | 'labels'>;
  /** Its environment, which nobody but the node may read. */
  readonly env?: readonly string[] | undefined;
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
  const view = await findNode(platform.ledger.database, node);
  const nodeIsLost = what.imagePath === undefined && agentIsLost(view, 'restorer');
  const sealedEnv = asked.env && (await sealFor(view, node, asked.env, eventId));
  const reason = asked.reason === undefined ? undefined : sealReason(asked.reason);
  const request: EventData<'container.requested'> = {
    container: `${node}/${name}`,
    node,
    verb,
    ...what,
    ...(sealedEnv && { sealedEnv }),
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
  const shown = present(containerOf(stream));
  call.reflects(shown.ledger, shown.position);
  void call.reply.header('location', `/v1/containers/${shown.id}`);
  return { ...shown, request: eventId };
}

/** The environment for the node's eyes only: neither the ledger nor others on the node's partition can read it. */
async function sealFor(
  view: NodeView | undefined,
  node: string,
  env: readonly string[],
  eventId: string,
): Promise<EventData<'container.requested'>['sealedEnv']> {
  const key = currentKeyOf(view?.keys ?? []);
  if (key === undefined)
    throw new StasisError('NodeNotFound', `node "${node}" has not enrolled, so nothing can be sealed for it`, {
      next: '`stasis node enrol NODE` makes a token by which it can.',
    });
  return { keyId: key.keyId, box: await seal(key, new TextEncoder().encode(JSON.stringify(env)), eventId) };
}
