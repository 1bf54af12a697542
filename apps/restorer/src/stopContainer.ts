import { requireAllowed } from '@stasis/container';
import { StasisError } from '@stasis/errors';
import { findContainer, type ContainerJob } from './containerJob.ts';

/**
 * Ends all processes of a container; its state stays, so that it can be looked at.
 * Answers: container.stopped, container.refused (ContainerNotFound, ContainerNotRunning), container.failed.
 */
export async function stopContainer(job: ContainerJob): Promise<void> {
  const { parts, event, name } = job;
  const found = await findContainer(parts, name);
  if (found === undefined)
    throw new StasisError('ContainerNotFound', `container "${name}" does not exist on this node`);
  // After a restart the answer to an earlier kill may be owed.
  if (!job.isRecovered) requireAllowed('stop', name, found.container.status);
  await job.begin();
  await found.runtime.kill(name);
  const { run } = found.container;
  const data = { container: event.subject, run, why: 'requested', request: event.id } as const;
  await job.end(parts.fact('container.stopped', event.subject, data, { request: event }));
}
