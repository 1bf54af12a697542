import {
  lockContainer,
  runAgentProcess,
  startDiscovery,
  type AgentParts,
  type JournaledRequest,
  type Slot,
  type UseCases,
} from '@stasis/agent';
import { parseRef } from '@stasis/container';
import { startAdoption } from './adoptKept.ts';
import { checkpointJob } from './checkpointJob.ts';
import { recoverCheckpoint } from './recoverCheckpoints.ts';
import { startResuming } from './resumeOwed.ts';
import { takeCheckpoint } from './takeCheckpoint.ts';

/** Takes checkpoints and sees containers: the checkpointer of a node. */
export const checkpointerUseCases: UseCases = {
  containerOf: ({ event }) => parseRef((event.data as { container: string }).container).id,
  perform: performCheckpoint,
  beside: (parts) => {
    const ends = [startDiscovery(parts), startAdoption(parts), startResuming(parts)];
    return async () => void (await Promise.all(ends.map((end) => end())));
  },
};

/** Does one request from wherever the journal says it stands. The other agent of the node keeps off the container. */
async function performCheckpoint(parts: AgentParts, request: JournaledRequest, slot: Slot): Promise<void> {
  const job = checkpointJob(parts, request);
  const unlock = await lockContainer(parts.config.nodeDir, job.name, parts.config.captureTimeoutMs);
  try {
    await (request.state === 'begun' ? recoverCheckpoint(job, request, slot) : takeCheckpoint(job, slot));
  } finally {
    unlock();
  }
}

/** Runs the agent until it is asked to end, then ends the process; see `runAgentProcess`. */
export const runAgent = (): Promise<never> => runAgentProcess('checkpointer', checkpointerUseCases);
