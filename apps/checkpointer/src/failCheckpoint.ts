import { rmSync } from 'node:fs';
import { causeOf } from '@stasis/agent';
import { messageOf } from '@stasis/errors';
import type { ContainerRuntime } from '@stasis/runtime';
import { settleTimeoutMs } from './captureContainer.ts';
import { factStatus, hasFiles, runtimeOf, sourceOf, type Attempt, type CheckpointJob } from './checkpointJob.ts';
import { releaseStaging } from './stagingBudget.ts';

/**
 * Ends a request that did not work out: the container goes on as before, the attempt is removed, and the fact says why.
 * Where the sandbox is gone the files are all that is left of the container, so they are kept and named; `adoptKept`
 * brings them into the store when it can.
 */
export async function failCheckpoint(job: CheckpointJob, attempt: Attempt, error: unknown): Promise<void> {
  const cause = causeOf(error);
  releaseStaging(attempt.dir);
  const { container, isSettled, words } = await letGoOn(job, attempt);
  // What someone may still be writing to, or may be all that is left of the container, is not thrown away.
  const kept = (!isSettled || container === 'stopped' || container === 'unknown') && hasFiles(attempt.dir);
  if (!kept) rmSync(attempt.dir, { recursive: true, force: true });
  const where = kept ? `; what was captured is in ${attempt.dir}` : '';
  job.parts.log(`${job.id} failed: ${cause.reason}: ${cause.message}${words}${where}`);
  const message = `${cause.message}${words}${where}`.slice(0, 4000);
  const failed = job.fact('checkpoint.failed', { reason: cause.reason, message, container });
  if (kept) await job.reach('kept', {});
  await job.end([failed]);
}

interface AfterFailure {
  readonly container: 'running' | 'paused' | 'stopped' | 'unknown';
  /** Nobody writes into the attempt any more. */
  readonly isSettled: boolean;
  readonly words: string;
}

/** Waits until the runtime has let go of the attempt, then resumes what we paused; also when it does not let go. */
async function letGoOn(job: CheckpointJob, attempt: Attempt): Promise<AfterFailure> {
  const runtime = runtimeOf(job, attempt.root);
  const unsettled = await settled(job, attempt);
  const isSettled = unsettled === undefined;
  const soFar = isSettled ? '' : `; ${messageOf(unsettled)}`;
  try {
    const before = (await sourceOf(job, runtime))?.status ?? 'gone';
    const notResumed = before === 'paused' && !attempt.startedPaused ? await resumeOrOwe(job, runtime) : '';
    const container = factStatus((await sourceOf(job, runtime))?.status ?? 'gone');
    return { container, isSettled, words: `${soFar}${notResumed}` };
  } catch (error) {
    const words = `${soFar}; the container's state is not known: ${messageOf(error)}`;
    return { container: 'unknown', isSettled, words };
  }
}

/** A runtime that does not resume is asked again and again by `startResuming`. @returns what is to be said of it */
async function resumeOrOwe(job: CheckpointJob, runtime: ContainerRuntime): Promise<string> {
  try {
    await runtime.resume(job.name);
    return '';
  } catch (error) {
    const { root } = runtime;
    await job.parts.journal.commit((tx) => tx.oweResume({ root, id: job.name, run: job.request.run }));
    return `; the container is still paused and is tried to be resumed until it goes on: ${messageOf(error)}`;
  }
}

/** Why the attempt is not settled, or undefined. */
async function settled(job: CheckpointJob, attempt: Attempt): Promise<unknown> {
  if (!hasFiles(attempt.dir)) return undefined;
  const request = { id: job.name, attemptDir: attempt.dir, timeoutMs: settleTimeoutMs };
  try {
    await runtimeOf(job, attempt.root).settleCapture(request);
    return undefined;
  } catch (error) {
    return error;
  }
}
