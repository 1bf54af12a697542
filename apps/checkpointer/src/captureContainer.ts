import { mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { StasisError } from '@stasis/errors';
import { checkCompleteness, manifestFileName } from '@stasis/image';
import { stderrFileName } from '@stasis/runtime';
import type { ContainerStatus } from '@stasis/container';
import { factStatus, runtimeOf, type Attempt, type CheckpointJob } from './checkpointJob.ts';
import { configFileName } from './keepConfig.ts';

/**
 * Journals the attempt and accepts the request, then makes the attempt's directory (exclusive, 0700). From here on the
 * request ends in something else than a refusal.
 */
export async function openAttempt(job: CheckpointJob, attempt: Attempt): Promise<void> {
  const accepted = job.fact('checkpoint.accepted', { attempt: attempt.number });
  const change = { attempt: attempt.number, attemptDir: attempt.dir, notes: { attempt } };
  await job.reach('accepted', change, accepted);
  mkdirSync(attempt.dir, { mode: 0o700 });
}

/**
 * Lets the runtime write the container's state, uncompressed, and shows from the content that it is whole.
 * @throws StasisError RuntimeFailed, RuntimeTimeout, ImageIncomplete, NoSpace
 */
export async function captureContainer(job: CheckpointJob, attempt: Attempt): Promise<void> {
  const timeoutMs = Math.min(job.parts.config.captureTimeoutMs, remainingMs(job));
  const capture = await runtimeOf(job, attempt.root).beginCapture({
    id: job.name,
    attemptDir: attempt.dir,
    after: attempt.after,
    compression: 'none',
    timeoutMs,
  });
  const { pid, startTicks } = capture;
  const [result] = await Promise.all([capture.done(), job.reach('accepted', { capture: { pid, startTicks } })]);
  await acceptCapture(job, attempt, result.freezeMs, result.containerStatus);
}

/** The files of an attempt become a captured image once they are shown to be whole. */
export async function acceptCapture(
  job: CheckpointJob,
  attempt: Attempt,
  freezeMs: number,
  status: ContainerStatus,
): Promise<void> {
  await checkCompleteness(attempt.dir);
  rmSync(join(attempt.dir, stderrFileName), { force: true });
  const files = imageFiles(attempt.dir);
  const captured = job.fact('checkpoint.captured', {
    files,
    bytes: files.reduce((sum, { size }) => sum + size, 0),
    freezeMs: Math.round(freezeMs * 1000) / 1000,
    staging: attempt.staging,
    container: factStatus(status),
  });
  await job.reach('captured', { notes: { capturedAt: new Date().toISOString() } }, captured);
}

/** What the runtime wrote. */
function imageFiles(dir: string): { name: string; size: number }[] {
  return readdirSync(dir)
    .filter((name) => ![stderrFileName, manifestFileName, configFileName].includes(name) && !name.startsWith('.'))
    .toSorted()
    .map((name) => ({ name, size: statSync(join(dir, name)).size }));
}

/** Milliseconds until the request's deadline. @throws StasisError RuntimeTimeout once it has passed */
export function remainingMs(job: CheckpointJob): number {
  const left = Date.parse(job.request.deadline) - Date.now();
  if (left > 0) return left;
  throw new StasisError('RuntimeTimeout', `the request's deadline ${job.request.deadline} has passed`);
}
