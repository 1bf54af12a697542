import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  checkpointFileName,
  manifestFileName,
  readHeader,
  sealImage,
  verifyImage,
  type SealedImage,
} from '@stasis/image';
import { hostFacts } from '@stasis/runtime';
import { normaliseSpec, redactSpec } from '@stasis/spec';
import { runtimeOf, sourceOf, type Attempt, type CheckpointJob } from './checkpointJob.ts';
import { keepConfig } from './keepConfig.ts';

/** Makes the captured files an image on disk, with its manifest, and says so. Idempotent. */
export async function sealAttempt(job: CheckpointJob, attempt: Attempt): Promise<SealedImage> {
  const begun = performance.now();
  const image = await sealContent(job, attempt);
  const { manifestDigest, bytes, manifest } = image;
  const durationMs = Math.round(performance.now() - begun);
  const sealed = job.fact('checkpoint.sealed', { manifestDigest, bytes, runtime: manifest.runtime, durationMs });
  await job.reach('sealed', { notes: { manifestDigest, bytes } }, sealed);
  return image;
}

/** An attempt that was sealed before is verified instead. @throws StasisError ImageIncomplete, IntegrityMismatch, NoSpace */
export async function sealContent(job: CheckpointJob, attempt: Attempt): Promise<SealedImage> {
  if (existsSync(join(attempt.dir, manifestFileName))) return verifyImage(attempt.dir);
  const runtime = runtimeOf(job, attempt.root);
  const { name, version, platform } = await runtime.info();
  const spec = keepConfig(attempt.dir, attempt.bundle, await sourceOf(job, runtime));
  const { compression } = await readHeader(join(attempt.dir, checkpointFileName));
  return sealImage(attempt.dir, {
    checkpoint: job.id,
    container: { id: job.name, node: job.request.node, run: job.request.run },
    capturedAt: attempt.begunAt,
    runtime: { name, version, platform },
    host: hostFacts(),
    compression,
    spec: redactSpec(normaliseSpec(spec)),
  });
}
