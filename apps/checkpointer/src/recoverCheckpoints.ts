import type { JournaledRequest, Slot } from '@stasis/agent';
import { StasisError } from '@stasis/errors';
import { acceptCapture, writtenFor } from './captureContainer.ts';
import { hasFiles, runtimeOf, sourceOf, type Attempt, type CheckpointJob } from './checkpointJob.ts';
import { endSource } from './endSource.ts';
import { failCheckpoint } from './failCheckpoint.ts';
import { endCheckpoint, finishCheckpoint, takeCheckpoint } from './takeCheckpoint.ts';

/**
 * Goes on with a request that an earlier life of the agent had begun. The journal says which step was last, the runtime
 * what became of the container, the files whether the capture is whole; none of them is guessed, and nothing is captured
 * twice for one request.
 */
export async function recoverCheckpoint(job: CheckpointJob, journaled: JournaledRequest, slot: Slot): Promise<void> {
  const attempt = journaled.notes['attempt'] as Attempt;
  job.parts.log(`${job.id} goes on after a restart, from "${journaled.step}"`);
  try {
    switch (journaled.step) {
      case 'accepted':
        return await settleAttempt(job, attempt, slot);
      case 'captured':
      case 'sealed':
      case 'stored':
        return await finishCheckpoint(job, attempt, slot);
      case 'verified':
        return await endCheckpoint(job, attempt, String(journaled.notes['verifiedAt']), slot);
      case 'ending':
        return await endSource(job, attempt);
      default:
        throw new Error(`the journal names the unknown step "${journaled.step}"`);
    }
  } catch (error) {
    await failCheckpoint(job, attempt, error);
  }
}

/** The capture may not have begun, may be under way, or may be over. */
async function settleAttempt(job: CheckpointJob, attempt: Attempt, slot: Slot): Promise<void> {
  const runtime = runtimeOf(job, attempt.root);
  if (!hasFiles(attempt.dir)) {
    const container = await sourceOf(job, runtime);
    if (container?.status === 'paused' && !attempt.startedPaused) await runtime.resume(job.name);
    // Not a byte was written, so no capture was begun: it is begun now.
    return takeCheckpoint({ ...job, attemptsBefore: attempt.number }, slot);
  }
  const { captureTimeoutMs: timeoutMs } = job.parts.config;
  await runtime.settleCapture({ id: job.name, attemptDir: attempt.dir, timeoutMs });
  const status = (await sourceOf(job, runtime))?.status ?? 'gone';
  if (!job.request.leaveRunning && attempt.after !== 'stop' && status === 'running')
    throw new StasisError('RuntimeFailed', 'the agent ended during the capture, and the container runs on since');
  await acceptCapture(job, attempt, writtenFor(attempt), status);
  await finishCheckpoint(job, attempt, slot);
}
