import { rmSync } from 'node:fs';
import { bundleDir, causeOf, journalTrouble, requireStillAsked } from '@stasis/agent';
import { StasisError } from '@stasis/errors';
import type { RuntimeContainer } from '@stasis/runtime';
import { startedData } from './containerJob.ts';
import { writeBundle } from './hostRootBundle.ts';
import { materialise, type Materialised } from './materialise.ts';
import { logFile } from './places.ts';
import { checkImage, nameObjection } from './preflightRestore.ts';
import type { RestoreJob } from './restoreJob.ts';

/**
 * Restores a checkpoint, one line a step, each with its fact, and ends the request: running, failed or refused. What
 * cannot work is refused before anything is created under the name.
 */
export async function restoreCheckpoint(job: RestoreJob): Promise<void> {
  let image: Materialised | undefined;
  try {
    requireInTime(job);
    const full = journalTrouble(job.parts.config);
    if (full !== undefined) return await job.refuse([{ reason: 'NoSpace', message: full }]);
    await job.reach('accepted', {}, job.fact('restore.accepted', { attempt: job.attemptsBefore + 1 }));
    const taken = await nameObjection(job.parts, job.name);
    image = await materialise(job);
    const { reasons, warnings, spec } = checkImage(job.parts, image.manifest, image.imageDir);
    if (taken.length + reasons.length > 0 || spec === undefined) await job.refuse([...taken, ...reasons]);
    else {
      const { bytes, durationMs } = image;
      await job.reach('materialised', {}, job.fact('restore.materialised', { bytes, durationMs }));
      writeBundle(bundleDir(job.parts.config, job.name), spec);
      await runRestored(job, image.imageDir, warnings);
    }
  } catch (error) {
    await failRestore(job, error);
  }
  if (image !== undefined) rmSync(image.dir, { recursive: true, force: true });
}

async function runRestored(job: RestoreJob, imageDir: string, warnings: readonly string[]): Promise<void> {
  const { parts, name } = job;
  const restoringSince = new Date().toISOString();
  requireStillAsked(parts.journal, job.id);
  await job.reach('restoring', { notes: { restoringSince, warnings } });
  const bundle = bundleDir(parts.config, name);
  const request = {
    id: name,
    bundle,
    imageDir,
    logFile: logFile(parts.config, name),
    background: false,
    timeoutMs: Math.min(parts.config.restoreTimeoutMs, remainingMs(job)),
  };
  const made = await parts.runtimes[0].restore(request).catch((error: unknown) => {
    rmSync(bundle, { recursive: true, force: true });
    throw error;
  });
  await tellRunning(job, made, restoringSince, warnings);
}

/** The last facts of a restore that worked. */
export async function tellRunning(
  job: RestoreJob,
  made: RuntimeContainer,
  restoringSince: string,
  warnings: readonly string[],
): Promise<void> {
  const { parts, event, request } = job;
  const origin = { kind: 'restore', checkpoint: request.checkpoint, request: event.id } as const;
  const started = startedData(parts, request.container, made, request.labels, origin);
  const durationMs = Math.max(0, Date.now() - Date.parse(restoringSince));
  await job.end(
    parts.fact('container.started', request.container, started, { request: event }),
    job.fact('restore.running', {
      run: made.run,
      durationMs,
      ...(warnings.length > 0 && { warnings: [...warnings] }),
    }),
  );
}

/** Nothing is left under the name: the runtime has removed what it had begun. */
export function failRestore(job: RestoreJob, error: unknown): Promise<void> {
  const cause = causeOf(error);
  job.parts.log(`${job.id} failed: ${cause.reason}: ${cause.message}`);
  return job.end(job.fact('restore.failed', cause));
}

function requireInTime(job: RestoreJob): void {
  remainingMs(job);
}

/** Milliseconds until the deadline. @throws StasisError RuntimeTimeout once it has passed */
function remainingMs(job: RestoreJob): number {
  const left = Date.parse(job.request.deadline) - Date.now();
  if (left > 0) return left;
  throw new StasisError('RuntimeTimeout', `the request's deadline ${job.request.deadline} has passed`);
}
