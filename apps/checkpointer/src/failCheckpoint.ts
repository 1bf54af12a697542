import { rmSync } from 'node:fs';
import { causeOf } from '@stasis/agent';
import { messageOf } from '@stasis/errors';
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
  const { container, words } = await letGoOn(job, attempt);
  const kept = (container === 'stopped' || container === 'unknown') && hasFiles(attempt.dir);
  if (!kept) rmSync(attempt.dir, { recursive: true, force: true });
  const where = kept ? `; what was captured is in ${attempt.dir}` : '';
  job.parts.log(`${job.id} failed: ${cause.reason}: ${cause.message}${words}${where}`);
  const message = `${cause.message}${words}${where}`.slice(0, 4000);
  const failed = job.fact('checkpoint.failed', { reason: cause.reason, message, container });
  if (kept) await job.reach('kept', {});
  await job.end([failed]);
}

/** Waits until the runtime has let go of the attempt, then resumes what we paused. */
async function letGoOn(
  job: CheckpointJob,
  attempt: Attempt,
): Promise<{ container: 'running' | 'paused' | 'stopped' | 'unknown'; words: string }> {
  const runtime = runtimeOf(job, attempt.root);
  try {
    if (hasFiles(attempt.dir))
      await runtime.settleCapture({ id: job.name, attemptDir: attempt.dir, timeoutMs: settleTimeoutMs });
    const before = (await sourceOf(job, runtime))?.status ?? 'gone';
    if (before === 'paused' && !attempt.startedPaused) await runtime.resume(job.name);
    return { container: factStatus((await sourceOf(job, runtime))?.status ?? 'gone'), words: '' };
  } catch (error) {
    return { container: 'unknown', words: `; the container's state is not known: ${messageOf(error)}` };
  }
}
