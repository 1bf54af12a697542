import type { ContainerRequested } from '@stasis/api-contract';
import { containerFailure } from './failure.ts';
import type { Session } from './session.ts';
import type { ContainerView } from './shapes.ts';
import { waitUntil } from './wait.ts';

/**
 * Waits for the answer to a start, a stop or a removal.
 * @throws StasisError with the node's reason when it said no or could not; WaitTimedOut.
 */
export const settled = async (
  session: Session,
  asked: ContainerRequested,
  timeoutMs: number,
): Promise<ContainerView> => {
  const { node, name: id } = asked;
  const view = await waitUntil<ContainerView>(session, {
    subject: asked.id,
    read: (signal) => session.client.getContainer({ params: { node, id }, signal }),
    ended: ({ openRequests }) => !openRequests.some((open) => open.id === asked.request),
    timeoutMs,
  });
  if (view.lastFailure?.request === asked.request) throw containerFailure(view.lastFailure);
  return view;
};
