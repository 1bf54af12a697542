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

/** Syncs the captured files and writes their manifest. Idempotent: an attempt that was sealed is verified instead. */
export async function sealAttempt(job: CheckpointJob, attempt: Attempt, capturedAt: string): Promise<SealedImage> {
  const begun = performance.now();
  const image = existsSync(join(attempt.dir, manifestFileName))
    ? await verifyImage(attempt.dir)
    : await seal(job, attempt, capturedAt);
  const sealed = job.fact('checkpoint.sealed', {
    manifestDigest: image.manifestDigest,
    bytes: image.bytes,
    runtime: image.manifest.runtime,
    durationMs: Math.round(performance.now() - begun),
  });
  const { manifestDigest, bytes } = image;
  await job.reach('sealed', { notes: { manifestDigest, bytes } }, sealed);
  return image;
}

async function seal(job: CheckpointJob, attempt: Attempt, capturedAt: string): Promise<SealedImage> {
  const runtime = runtimeOf(job, attempt.root);
  const { name, version, platform } = await runtime.info();
  const spec = keepConfig(attempt.dir, attempt.bundle, await sourceOf(job, runtime));
  const { compression } = await readHeader(join(attempt.dir, checkpointFileName));
  return sealImage(attempt.dir, {
    checkpoint: job.id,
    container: { id: job.name, node: job.request.node, run: job.request.run },
    capturedAt,
    runtime: { name, version, platform },
    host: hostFacts(),
    compression,
    spec: redactSpec(normaliseSpec(spec)),
  });
}
