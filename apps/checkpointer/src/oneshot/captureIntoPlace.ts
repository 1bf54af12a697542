import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { isStasisError, messageOf, StasisError } from '@stasis/errors';
import {
  hostFacts,
  stderrFileName,
  type CaptureRequest,
  type Compression,
  type RuntimeContainer,
} from '@stasis/runtime';
import { warn } from '@stasis/runtime/command-line';
import type { RunscRuntime } from '@stasis/runtime/runsc';
import type { ImagePlace } from './imagePlace.ts';
import type { Interruption } from './interruption.ts';

/** Longer than any capture that makes progress; a runtime that hangs is reported, not waited for. */
const captureTimeoutMs = 600_000;
/** After the runtime's command has ended: how long its sandbox may go on writing. */
const settleTimeoutMs = 60_000;

export interface CaptureIntoPlace {
  readonly place: ImagePlace;
  readonly after: CaptureRequest['after'];
  readonly compression: Compression;
  readonly interruption: Interruption;
}

/**
 * Captures, checks, seals and publishes. When this throws, either the container lives as it did before and nothing of
 * the attempt is left, or (where the runtime stops a container with its capture) its image is kept and named.
 */
export async function captureIntoPlace(runtime: RunscRuntime, container: RuntimeContainer, task: CaptureIntoPlace) {
  const { place, after, interruption } = task;
  const { id } = container;
  try {
    await capture(runtime, container, task);
    if (after !== 'stop') interruption.check();
    await seal(runtime, container, task);
    if (after !== 'stop') interruption.check();
    place.publish();
    const { syncDir } = await import('@stasis/image');
    await syncDir(place.imagePath);
  } catch (error) {
    throw await undo(runtime, id, container.status, task, error);
  }
}

/** Runs the capture to its end, whatever signals come. One that only lost its client is judged by its files. */
async function capture(runtime: RunscRuntime, container: RuntimeContainer, task: CaptureIntoPlace): Promise<void> {
  const { attemptDir } = task.place;
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
    await begun.done();
    if (task.after !== 'stop') await requireSameRun(runtime, container);
  } catch (error) {
    const { containerStatus } = await settle(runtime, container.id, attemptDir, error);
    if (containerStatus !== 'stopped') throw error;
    warn(`${messageOf(error)}; the container has stopped, so what it left is checked`);
  }
  await loading;
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

async function seal(runtime: RunscRuntime, container: RuntimeContainer, task: CaptureIntoPlace): Promise<void> {
  const [{ checkCompleteness, readHeader, sealImage }, { normaliseSpec, redactSpec }, info] = await Promise.all([
    import('@stasis/image'),
    import('@stasis/spec'),
    runtime.info(),
  ]);
  const { attemptDir } = task.place;
  rmSync(join(attemptDir, stderrFileName), { force: true });
  await checkCompleteness(attemptDir);
  const header = await readHeader(join(attemptDir, 'checkpoint.img'));
  await sealImage(attemptDir, {
    container: { id: container.id, run: container.run },
    capturedAt: new Date().toISOString(),
    runtime: { name: info.name, version: info.version, platform: info.platform },
    host: hostFacts(),
    compression: header.compression,
    spec: redactSpec(normaliseSpec(container.spec)),
  });
}

/** After a failure: the container goes on and the attempt is gone, or the attempt is all that is left of it. */
async function undo(
  runtime: RunscRuntime,
  id: string,
  statusBefore: RuntimeContainer['status'],
  { place, after }: CaptureIntoPlace,
  cause: unknown,
): Promise<StasisError> {
  const code = isStasisError(cause) ? cause.code : 'RuntimeFailed';
  const next = isStasisError(cause) ? cause.next : undefined;
  const fail = (state: string): StasisError =>
    new StasisError(code, `${messageOf(cause)}; ${state}`, { cause, ...(next === undefined ? {} : { next }) });
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
      return fail(`container "${id}" has stopped; what was captured is kept in ${place.attemptDir}`);
    place.discard();
    return fail(`container "${id}" is ${containerStatus}, nothing is left in ${place.imagePath}`);
  } catch (error) {
    return fail(`cleaning up failed too: ${messageOf(error)}; the attempt is in ${place.attemptDir}`);
  }
}
