import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { ContainerStatus } from '@stasis/container';
import { isStasisError, messageOf, StasisError } from '@stasis/errors';
import type { SealedImage } from '@stasis/image';
import {
  hostFacts,
  stderrFileName,
  type CaptureRequest,
  type CaptureResult,
  type Compression,
  type RuntimeContainer,
} from '@stasis/runtime';
import { warn } from '@stasis/runtime/command-line';
import type { RunscRuntime } from '@stasis/runtime/runsc';
import type { ImagePlace } from './imagePlace.ts';
import type { Interruption } from './interruption.ts';
import type { Told } from './told.ts';

/** Longer than any capture that makes progress; a runtime that hangs is reported, not waited for. */
const captureTimeoutMs = 600_000;
/** After the runtime's command has ended: how long its sandbox may go on writing. */
const settleTimeoutMs = 60_000;

export interface CaptureIntoPlace {
  readonly place: ImagePlace;
  readonly after: CaptureRequest['after'];
  readonly compression: Compression;
  readonly interruption: Interruption;
  readonly told: Told;
}

/**
 * Captures, checks, seals and publishes. When this throws, either the container lives as it did before and nothing of
 * the attempt is left, or (where the runtime stops a container with its capture) its image is kept and named.
 */
export async function captureIntoPlace(runtime: RunscRuntime, container: RuntimeContainer, task: CaptureIntoPlace) {
  const { place, after, interruption, told } = task;
  const { id } = container;
  try {
    told.captured(await capture(runtime, container, task), place.attemptDir);
    if (after !== 'stop') interruption.check();
    const image = await seal(runtime, container, task);
    if (after !== 'stop') interruption.check();
    await publish(place, image, told);
  } catch (error) {
    throw await undo(runtime, id, container.status, task, error);
  }
}

/** A fleet that is told of the image is told of one whose bytes were read back. */
async function publish(place: ImagePlace, { manifestDigest }: SealedImage, told: Told): Promise<void> {
  const { syncDir, verifyImage } = await import('@stasis/image');
  const begun = performance.now();
  const image = told.checkpoint === undefined ? undefined : await verifyImage(place.attemptDir, manifestDigest);
  const durationMs = Math.round(performance.now() - begun);
  place.publish();
  await syncDir(place.imagePath);
  if (image !== undefined) told.placed(image, place.imagePath, durationMs);
}

/** Runs the capture to its end, whatever signals come. One that only lost its client is judged by its files. */
async function capture(
  runtime: RunscRuntime,
  container: RuntimeContainer,
  task: CaptureIntoPlace,
): Promise<CaptureResult> {
  const { attemptDir } = task.place;
  const since = performance.now();
  const begun = await runtime.beginCapture({
    id: container.id,
    attemptDir,
    after: task.after,
    compression: task.compression,
    timeoutMs: captureTimeoutMs,
  });
  // Loaded while the runtime writes; the capture's own failure is the one to report.
  const loading = Promise.allSettled([import('@stasis/image'), import('@stasis/spec')]);
  try {
    const result = await begun.done();
    if (task.after !== 'stop') await requireSameRun(runtime, container);
    await loading;
    return result;
  } catch (error) {
    const { containerStatus } = await settle(runtime, container.id, attemptDir, error);
    if (containerStatus !== 'stopped') throw error;
    warn(`${messageOf(error)}; the container has stopped, so what it left is checked`);
    await loading;
    return { freezeMs: performance.now() - since, containerStatus };
  }
}

/** Between the look at the container and its capture, another may have been started under the id. */
async function requireSameRun(runtime: RunscRuntime, { id, run }: RuntimeContainer): Promise<void> {
  if ((await runtime.load(id)).run !== run)
    throw new StasisError('SourceReplaced', `another container was started as "${id}" meanwhile`);
}

async function settle(runtime: RunscRuntime, id: string, attemptDir: string, cause: unknown) {
  try {
    return await runtime.settleCapture({ id, attemptDir, timeoutMs: settleTimeoutMs });
  } catch (error) {
    throw new StasisError('RuntimeTimeout', `${messageOf(cause)}; ${messageOf(error)}`, { cause: error });
  }
}

async function seal(
  runtime: RunscRuntime,
  container: RuntimeContainer,
  { place: { attemptDir }, told }: CaptureIntoPlace,
): Promise<SealedImage> {
  const since = performance.now();
  const [{ checkCompleteness, readHeader, sealImage }, { normaliseSpec, redactSpec }, info] = await Promise.all([
    import('@stasis/image'),
    import('@stasis/spec'),
    runtime.info(),
  ]);
  rmSync(join(attemptDir, stderrFileName), { force: true });
  await checkCompleteness(attemptDir);
  const header = await readHeader(join(attemptDir, 'checkpoint.img'));
  const image = await sealImage(attemptDir, {
    ...(told.checkpoint !== undefined && { checkpoint: told.checkpoint }),
    container: { id: container.id, run: container.run },
    capturedAt: new Date().toISOString(),
    runtime: { name: info.name, version: info.version, platform: info.platform },
    host: hostFacts(),
    compression: header.compression,
    spec: redactSpec(normaliseSpec(container.spec)),
  });
  told.sealed(image, Math.round(performance.now() - since));
  return image;
}

/** After a failure: the container goes on and the attempt is gone, or the attempt is all that is left of it. */
async function undo(
  runtime: RunscRuntime,
  id: string,
  statusBefore: RuntimeContainer['status'],
  { place, after, told }: CaptureIntoPlace,
  cause: unknown,
): Promise<StasisError> {
  const code = isStasisError(cause) ? cause.code : 'RuntimeFailed';
  const next = isStasisError(cause) ? cause.next : undefined;
  const fail = (state: string, status: ContainerStatus | 'unknown'): StasisError => {
    const failed = new StasisError(code, `${messageOf(cause)}; ${state}`, {
      cause,
      ...(next !== undefined && { next }),
    });
    told.failed(failed, status);
    return failed;
  };
  try {
    let { containerStatus } = await runtime.settleCapture({
      id,
      attemptDir: place.attemptDir,
      timeoutMs: settleTimeoutMs,
    });
    if (after === 'pause' && containerStatus === 'paused' && statusBefore === 'running') {
      await runtime.resume(id);
      containerStatus = (await runtime.load(id)).status;
    }
    if (containerStatus === 'stopped' || containerStatus === 'gone')
      return fail(`container "${id}" has stopped; what was captured is kept in ${place.attemptDir}`, containerStatus);
    place.discard();
    return fail(`container "${id}" is ${containerStatus}, nothing is left in ${place.imagePath}`, containerStatus);
  } catch (error) {
    return fail(`cleaning up failed too: ${messageOf(error)}; the attempt is in ${place.attemptDir}`, 'unknown');
  }
}
