import { rmSync } from 'node:fs';
import { bundleDir, waitForAnswer, type Slot } from '@stasis/agent';
import { StasisError } from '@stasis/errors';
import { isEvent } from '@stasis/events';
import { runtimeOf, sourceOf, type Attempt, type CheckpointJob } from './checkpointJob.ts';

/**
 * The second phase of a stop: the container stays paused until the recorder's own `checkpoint.verified` comes back, so
 * that nothing is killed for an image that no ledger knows.
 * @throws StasisError AuditUnavailable when something else comes, or nothing in time
 */
export async function awaitRecord(job: CheckpointJob, verifiedAt: string, slot: Slot): Promise<void> {
  const { config, journal, stopping } = job.parts;
  const leftMs = Date.parse(verifiedAt) + config.recordTimeoutMs - Date.now();
  // An ending that came as well counts more: then nothing may be killed.
  const keys = ['checkpoint.voided', 'checkpoint.canceled', 'checkpoint.reconciled', 'checkpoint.verified'] as const;
  const answer = await slot.freeDuring(() => waitForAnswer(journal, job.id, keys, leftMs, stopping));
  if (answer !== undefined && isEvent(answer, 'checkpoint.verified')) return job.reach('ending', {});
  const what = stopping.aborted
    ? 'the agent was asked to end before the ledger had recorded the image'
    : answer === undefined
      ? `the ledger did not record the image within ${config.recordTimeoutMs} ms`
      : `the ledger has ended the request (${answer.type})`;
  throw new StasisError('AuditUnavailable', `${what}, so the container goes on`);
}

/** Ends the container whose image is safe and on record, and says so. Idempotent. */
export async function endSource(job: CheckpointJob, attempt: Attempt): Promise<void> {
  const runtime = runtimeOf(job, attempt.root);
  const container = await sourceOf(job, runtime);
  if (container?.status === 'running' && attempt.after !== 'stop')
    throw new StasisError(
      'SourceReplaced',
      `"${job.name}" was resumed by someone else after its capture, so the image is not its last state; it is left running`,
    );
  if (container !== undefined) {
    await runtime.kill(job.name);
    await runtime.delete(job.name);
  }
  // The image holds its config.json, and a restore makes a bundle of its own.
  const own = bundleDir(job.parts.config, job.name);
  if (attempt.bundle === own) rmSync(own, { recursive: true, force: true });
  const { fact } = job.parts;
  const { container: subject, run } = job.request;
  const options = { request: job.event };
  await job.end(
    [
      fact('container.stopped', subject, { container: subject, run, why: 'checkpointed' }, options),
      fact('container.gone', subject, { container: subject, run }, options),
      job.fact('checkpoint.ready', { container: 'stopped' }),
    ],
    { root: attempt.root },
  );
}
