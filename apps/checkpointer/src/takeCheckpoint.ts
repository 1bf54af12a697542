import { rmSync } from 'node:fs';
import { causeOf, requireJournalRoom, type Slot } from '@stasis/agent';
import { captureContainer, openAttempt, remainingMs } from './captureContainer.ts';
import type { Attempt, CheckpointJob } from './checkpointJob.ts';
import { awaitRecord, endSource } from './endSource.ts';
import { failCheckpoint } from './failCheckpoint.ts';
import { loadSource, planAttempt } from './preflight.ts';
import { sealAttempt } from './sealAttempt.ts';
import { storeImage, verifyStored } from './storeImage.ts';

/**
 * Takes a checkpoint that nothing was done for yet, one line a step, each with its fact, and ends the request: ready,
 * failed or refused. Whatever goes wrong, the container goes on as before, or its image is all of it.
 */
export async function takeCheckpoint(job: CheckpointJob, slot: Slot): Promise<void> {
  let attempt: Attempt;
  try {
    remainingMs(job);
    requireJournalRoom(job.parts.config);
    attempt = await planAttempt(job, await loadSource(job));
  } catch (error) {
    const cause = causeOf(error);
    job.parts.log(`${job.id} refused: ${cause.reason}: ${cause.message}`);
    return job.end([job.fact('checkpoint.refused', cause)]);
  }
  try {
    await openAttempt(job, attempt);
    await captureContainer(job, attempt);
    await finishCheckpoint(job, attempt, slot);
  } catch (error) {
    await failCheckpoint(job, attempt, error);
  }
}

/** From a captured image to the end. Every step is idempotent, so that it can be gone through again after a crash. */
export async function finishCheckpoint(job: CheckpointJob, attempt: Attempt, slot: Slot): Promise<void> {
  const { manifestDigest } = await sealAttempt(job, attempt);
  await storeImage(job, attempt.dir);
  await verifyStored(job, attempt.dir, manifestDigest);
  await endCheckpoint(job, attempt, new Date().toISOString(), slot);
}

/** From a verified image to the end: the container goes on, or is ended once the ledger has the image on record. */
export async function endCheckpoint(
  job: CheckpointJob,
  attempt: Attempt,
  verifiedAt: string,
  slot: Slot,
): Promise<void> {
  if (job.request.leaveRunning) await job.end([job.fact('checkpoint.ready', { container: 'running' })]);
  else {
    await awaitRecord(job, verifiedAt, slot);
    await endSource(job, attempt);
  }
  rmSync(attempt.dir, { recursive: true, force: true });
}
