import { rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { bundleDir } from '@stasis/agent';
import type { JournaledRequest } from '@stasis/agent';
import { StasisError } from '@stasis/errors';
import { findContainer } from './containerJob.ts';
import { failRestore, restoreCheckpoint, tellRunning } from './restoreCheckpoint.ts';
import type { RestoreJob } from './restoreJob.ts';

const pollMs = 200;
const inFlightMs = 5000;

/**
 * Goes on with a restore that an earlier life of the agent had begun. Before the runtime was called nothing exists, so
 * it is begun again; after that the runtime is asked what became of the container.
 */
export async function recoverRestore(job: RestoreJob, journaled: JournaledRequest): Promise<void> {
  job.parts.log(`${job.id} goes on after a restart, from "${journaled.step}"`);
  const { attemptDir, attempt } = journaled;
  const isCreated = journaled.step === 'restoring';
  if (!isCreated) {
    if (attemptDir !== undefined) rmSync(attemptDir, { recursive: true, force: true });
    return restoreCheckpoint({ ...job, attemptsBefore: attempt });
  }
  try {
    const made = await settled(job);
    const { restoringSince, warnings } = journaled.notes as { restoringSince: string; warnings?: string[] };
    await tellRunning(job, made, restoringSince, warnings ?? []);
  } catch (error) {
    await failRestore(job, error);
  }
  if (attemptDir !== undefined) rmSync(attemptDir, { recursive: true, force: true });
}

/** The runtime's command outlives the agent, so the container may still be on its way. */
async function settled(job: RestoreJob) {
  const { config } = job.parts;
  const begun = performance.now();
  for (;;) {
    const found = await findContainer(job.parts, job.name);
    const status = found?.container.bundle === bundleDir(config, job.name) ? found.container.status : undefined;
    if (found !== undefined && (status === 'running' || status === 'paused')) return found.container;
    const waitedMs = performance.now() - begun;
    const patienceMs = status === undefined || status === 'stopped' ? inFlightMs : config.restoreTimeoutMs;
    if (waitedMs > patienceMs) {
      if (found !== undefined && status !== undefined) await found.runtime.delete(job.name);
      throw new StasisError(
        'RuntimeFailed',
        `the agent ended while "${job.name}" was being restored, and it does not run (${status ?? 'nothing is there'})`,
      );
    }
    await sleep(pollMs);
  }
}
