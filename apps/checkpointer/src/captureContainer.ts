import { mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { makePrivate, requireStillAsked } from '@stasis/agent';
import { isStasisError, messageOf, StasisError } from '@stasis/errors';
import { checkCompleteness, manifestFileName } from '@stasis/image';
import { stderrFileName, type CaptureResult, type ContainerRuntime } from '@stasis/runtime';
import type { ContainerStatus } from '@stasis/container';
import { factStatus, hasFiles, runtimeOf, sourceOf, type Attempt, type CheckpointJob } from './checkpointJob.ts';
import { configFileName } from './keepConfig.ts';
import { releaseStaging } from './stagingBudget.ts';

/** How long a capture that failed may still be writing. */
export const settleTimeoutMs = 10_000;

/**
 * Journals the attempt and accepts the request, then makes the attempt's directory (exclusive, 0700). From here on the
 * request ends in something else than a refusal. @throws StasisError OutcomeUnknown when it was canceled meanwhile
 */
export async function openAttempt(job: CheckpointJob, attempt: Attempt): Promise<void> {
  requireStillAsked(job.parts.journal, job.id);
  const accepted = job.fact('checkpoint.accepted', { attempt: attempt.number });
  const change = { attempt: attempt.number, attemptDir: attempt.dir, notes: { attempt } };
  await job.reach('accepted', change, accepted);
  // The other agent of the node removes an empty staging directory when it ends.
  makePrivate(dirname(attempt.dir));
  mkdirSync(attempt.dir, { mode: 0o700 });
  // The ledger honours a cancel until it has our acceptance.
  requireStillAsked(job.parts.journal, job.id);
}

/**
 * Lets the runtime write the container's state, uncompressed, and shows from the content that it is whole. An exit
 * status is not believed either way: where the sandbox is gone and the image whole, the image is the container.
 * @throws StasisError RuntimeFailed, RuntimeTimeout, ImageIncomplete, NoSpace
 */
export async function captureContainer(job: CheckpointJob, attempt: Attempt): Promise<void> {
  const runtime = runtimeOf(job, attempt.root);
  try {
    const { freezeMs, containerStatus } = await runCapture(job, attempt, runtime);
    await acceptCapture(job, attempt, freezeMs, containerStatus);
  } catch (error) {
    if (!hasFiles(attempt.dir)) throw error;
    if (isStasisError(error) && error.code === 'RuntimeTimeout') throw error;
    await runtime.settleCapture({ id: job.name, attemptDir: attempt.dir, timeoutMs: settleTimeoutMs });
    if ((await sourceOf(job, runtime))?.sandboxPid !== undefined) throw error;
    await acceptCapture(job, attempt, writtenFor(attempt), 'stopped').catch(() => Promise.reject(error));
    job.parts.log(`${job.id}: the sandbox is gone and its image is whole, so it is adopted: ${messageOf(error)}`);
  } finally {
    releaseStaging(attempt.dir);
  }
}

async function runCapture(job: CheckpointJob, attempt: Attempt, runtime: ContainerRuntime): Promise<CaptureResult> {
  const capture = await runtime.beginCapture({
    id: job.name,
    attemptDir: attempt.dir,
    after: attempt.after,
    compression: 'none',
    timeoutMs: Math.min(job.parts.config.captureTimeoutMs, remainingMs(job)),
  });
  const { pid, startTicks } = capture;
  const [result] = await Promise.all([capture.done(), job.reach('accepted', { capture: { pid, startTicks } })]);
  return result;
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

/** Milliseconds from the start of the attempt to the last byte of its files: an upper bound of the freeze. */
export function writtenFor(attempt: Attempt): number {
  const last = Math.max(...readdirSync(attempt.dir).map((name) => statSync(join(attempt.dir, name)).mtimeMs));
  return Math.max(0, last - Date.parse(attempt.begunAt));
}
