import { readdirSync, rmSync } from 'node:fs';
import { causeOf } from '@stasis/agent';
import { messageOf } from '@stasis/errors';
import { factStatus, runtimeOf, sourceOf, type Attempt, type CheckpointJob } from './checkpointJob.ts';

const settleTimeoutMs = 60_000;

/**
 * Ends a request that did not work out: the container goes on as before, the attempt is removed, and the fact says why.
 * Where the sandbox is gone the files are all that is left of the container, so they are kept and named.
 */
export async function failCheckpoint(job: CheckpointJob, attempt: Attempt, error: unknown): Promise<void> {
  const cause = causeOf(error);
  const { container, words } = await letGoOn(job, attempt);
  const kept = container === 'stopped' && hasFiles(attempt.dir);
  if (container !== 'unknown' && !kept) rmSync(attempt.dir, { recursive: true, force: true });
  const where = kept || container === 'unknown' ? `; what was captured is in ${attempt.dir}` : '';
  job.parts.log(`${job.id} failed: ${cause.reason}: ${cause.message}${words}${where}`);
  const message = `${cause.message}${words}${where}`.slice(0, 4000);
  await job.end([job.fact('checkpoint.failed', { reason: cause.reason, message, container })]);
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

export function hasFiles(dir: string): boolean {
  try {
    return readdirSync(dir).length > 0;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}
