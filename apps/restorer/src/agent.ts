import { lockContainer, runAgentProcess, type AgentParts, type JournaledRequest, type UseCases } from '@stasis/agent';
import { parseRef } from '@stasis/container';
import { isEvent } from '@stasis/events';
import { performContainerJob } from './containerJob.ts';
import { recoverRestore } from './recoverRestores.ts';
import { removeContainer } from './removeContainer.ts';
import { restoreCheckpoint } from './restoreCheckpoint.ts';
import { restoreJob } from './restoreJob.ts';
import { startContainer } from './startContainer.ts';
import { stopContainer } from './stopContainer.ts';

const verbs = { start: startContainer, stop: stopContainer, remove: removeContainer };

const nameOf = ({ event }: JournaledRequest): string => parseRef((event.data as { container: string }).container).id;

/** Starts, stops, removes and restores: the restorer of a node. */
export const restorerUseCases: UseCases = { containerOf: nameOf, perform };

/** Does one request from wherever the journal says it stands. The other agent of the node keeps off the container. */
async function perform(parts: AgentParts, request: JournaledRequest): Promise<void> {
  const unlock = await lockContainer(parts.config.nodeDir, nameOf(request), parts.config.restoreTimeoutMs);
  try {
    if (isEvent(request.event, 'container.requested'))
      await performContainerJob(parts, request, verbs[request.event.data.verb]);
    else {
      const job = restoreJob(parts, request);
      await (request.state === 'begun' ? recoverRestore(job, request) : restoreCheckpoint(job));
    }
  } finally {
    unlock();
  }
}

/** Runs the agent until it is asked to end, then ends the process; see `runAgentProcess`. */
export const runAgent = (): Promise<never> => runAgentProcess('restorer', restorerUseCases);
