import { rmSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { makePrivate } from '@stasis/agent';
import { StasisError } from '@stasis/errors';
import type { Manifest } from '@stasis/image';
import type { RestoreJob } from './restoreJob.ts';

export interface Materialised {
  /** Of the attempt; removed as a whole at its end. */
  readonly dir: string;
  /** In it. */
  readonly imageDir: string;
  readonly manifest: Manifest;
  readonly bytes: number;
  readonly durationMs: number;
}

/**
 * Writes the image from the store into a directory of this attempt, every byte checked. Journaled first, so that a crash
 * leaves nothing unknown behind. @throws StasisError NotReady, IntegrityMismatch, ImageIncomplete, StoreUnavailable,
 * NoSpace
 */
export async function materialise(job: RestoreJob): Promise<Materialised> {
  const { store } = job.parts;
  const { checkpoint, manifestDigest } = job.request;
  if (manifestDigest === undefined)
    throw new StasisError('NotReady', `the request names no image of ${checkpoint}, so there is none to restore`);
  const stored = await store.stat(checkpoint);
  if (stored === undefined)
    throw new StasisError('ImageIncomplete', `the store ${store.url} does not hold the image of ${checkpoint}`);
  const number = job.attemptsBefore + 1;
  const dir = join(chooseDirectory(job, stored.bytes), `${job.id}.${number}`);
  await job.reach('accepted', { attempt: number, attemptDir: dir });
  // Left by an attempt of the same number that was cut short.
  rmSync(dir, { recursive: true, force: true });
  makePrivate(dir);
  // A level down, so that whatever the store leaves beside it when it is cut short goes with the attempt.
  const imageDir = join(dir, 'image');
  const begun = performance.now();
  const manifest = await store.get(checkpoint, imageDir, manifestDigest).catch((error: unknown) => {
    rmSync(dir, { recursive: true, force: true });
    throw error;
  });
  return { dir, imageDir, manifest, bytes: stored.bytes, durationMs: Math.round(performance.now() - begun) };
}

/** In memory when the image fits twice (the container needs as much again), else on disk. */
function chooseDirectory(job: RestoreJob, bytes: number): string {
  const { tmpfs, disk } = job.parts.config.staging;
  if (tmpfs !== undefined && freeBytes(makePrivate(tmpfs)) >= 2 * bytes) return tmpfs;
  const free = freeBytes(makePrivate(disk));
  if (free >= bytes) return disk;
  throw new StasisError('NoSpace', `the image has ${bytes} bytes and ${disk} has ${free} free`);
}

const freeBytes = (dir: string): number => {
  const { bavail, bsize } = statfsSync(dir);
  return bavail * bsize;
};
