import { setTimeout as sleep } from 'node:timers/promises';
import { isStasisError } from '@stasis/errors';
import type { CheckpointJob } from './checkpointJob.ts';

/**
 * Puts the sealed image into the store, on top of the container's newest image that is whole there.
 * @throws StasisError StoreUnavailable, NoSpace, ImageExists
 */
export async function storeImage(job: CheckpointJob, dir: string): Promise<void> {
  const { store, journal } = job.parts;
  const parent = journal.newestVerified(job.request.container);
  const { bytesNew, bytesShared, seconds } = await patiently(job, () =>
    store.put(job.id, dir, { ...(parent !== undefined && { parent }) }),
  );
  const durationMs = Math.round(seconds * 1000);
  await job.reach('stored', {}, job.fact('checkpoint.stored', { store: store.url, bytesNew, bytesShared, durationMs }));
}

/**
 * Reads every byte back from the store. An image that does not come back whole is stored once more, this time without a
 * parent: bytes that went bad in the store since must not spoil every later image of the container.
 * @throws StasisError IntegrityMismatch, ImageIncomplete, StoreUnavailable
 */
export async function verifyStored(job: CheckpointJob, dir: string, manifestDigest: string): Promise<void> {
  const { store, log } = job.parts;
  const verify = () => patiently(job, () => store.verify(job.id, manifestDigest));
  const { bytes, seconds } = await verify().catch(async (error: unknown) => {
    if (!isStasisError(error) || (error.code !== 'IntegrityMismatch' && error.code !== 'ImageIncomplete')) throw error;
    log(`${job.id}: ${error.message}; storing it again, sharing nothing`);
    await store.remove(job.id);
    await patiently(job, () => store.put(job.id, dir));
    return verify();
  });
  const durationMs = Math.round(seconds * 1000);
  const notes = { verifiedAt: new Date().toISOString() };
  await job.reach('verified', { notes }, job.fact('checkpoint.verified', { manifestDigest, bytes, durationMs }));
}

const pausesMs = [200, 500, 1000, 2000];

/** A store that cannot be reached is tried again for a few seconds, since the alternative is to throw an image away. */
async function patiently<T>(job: CheckpointJob, call: () => Promise<T>): Promise<T> {
  for (const pauseMs of pausesMs) {
    try {
      return await call();
    } catch (error) {
      if (!isStasisError(error) || error.code !== 'StoreUnavailable' || job.parts.stopping.aborted) throw error;
      job.parts.log(`${job.id}: ${error.message}; trying again in ${pauseMs} ms`);
      await sleep(pauseMs);
    }
  }
  return call();
}
