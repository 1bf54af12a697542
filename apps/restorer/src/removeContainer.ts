import { rmSync } from 'node:fs';
import { bundleDir } from '@stasis/agent';
import { StasisError } from '@stasis/errors';
import { findContainer, type ContainerJob } from './containerJob.ts';

/**
 * Ends a container if it lives and removes its state and the bundle that Stasis made for it. Its log stays.
 * Answers: container.gone, container.refused (ContainerNotFound), container.failed.
 */
export async function removeContainer(job: ContainerJob): Promise<void> {
  const { parts, event, name } = job;
  const found = await findContainer(parts, name);
  const run = found?.container.run ?? (job.isRecovered ? parts.journal.request(event.id)?.notes['run'] : undefined);
  if (typeof run !== 'string')
    throw new StasisError('ContainerNotFound', `container "${name}" does not exist on this node`);
  await job.begin();
  await parts.journal.commit((tx) => tx.step(event.id, { step: 'begun', notes: { run } }));
  await found?.runtime.delete(name);
  rmSync(bundleDir(parts.config, name), { recursive: true, force: true });
  const data = { container: event.subject, run, request: event.id };
  await job.end(parts.fact('container.gone', event.subject, data, { request: event }));
}
