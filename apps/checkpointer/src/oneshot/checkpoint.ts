import { resolve } from 'node:path';
import { requireAllowed } from '@stasis/container';
import { isStasisError, messageOf, StasisError } from '@stasis/errors';
import type { RuntimeContainer, RuntimeInfo } from '@stasis/runtime';
import { exitStatusOf, type GlobalFlags } from '@stasis/runtime/command-line';
import { createRunsc, type RunscRuntime } from '@stasis/runtime/runsc';
import { checkpointUsage, parseCheckpointFlags, type CheckpointFlags } from './checkpointFlags.ts';
import { captureIntoPlace } from './captureIntoPlace.ts';
import { type ImagePlace, openImagePlace } from './imagePlace.ts';
import { type Interruption, watchInterruption } from './interruption.ts';
import { clearStaleAttempts, noteAttempt } from './staleAttempts.ts';
import { type Told, tellFleet } from './told.ts';

/** `checkpointer checkpoint [flags] <container id>`: the exit status is 0, or 128 for every failure, as with runsc. */
export const checkpoint = (globals: GlobalFlags, words: readonly string[]): Promise<number> =>
  exitStatusOf(checkpointUsage, async () => {
    const flags = parseCheckpointFlags(words);
    const runtime = await createRunsc({ binary: globals.binary(), root: globals.root });
    const container = await runtime.load(flags.id);
    if (flags.imagePath === '') throw new StasisError('BadRequest', 'image-path flag must be provided');
    const told = await tellFleet(container, flags, resolve(flags.imagePath));
    try {
      return await takeCheckpoint(runtime, flags, told);
    } finally {
      await told.settle();
    }
  });

/**
 * One checkpoint with no service needed; a fleet is told of each step where there is one. The order of the checks is that of runsc: container, image path, directory,
 * existing image, status. A container that is to stop is only paused until its image is sealed and in place.
 */
async function takeCheckpoint(runtime: RunscRuntime, flags: CheckpointFlags, told: Told): Promise<number> {
  const after = whatComesAfter(await runtime.info(), flags.leaveRunning);
  const interruption = watchInterruption();
  const { place, container } = await prepare(runtime, flags, interruption, told);
  await captureIntoPlace(runtime, container, { place, after, compression: flags.compression, interruption, told });
  interruption.release();
  if (after === 'resume') {
    told.ready('running');
    return 0;
  }
  await told.recorded();
  if (after === 'pause') await end(runtime, container.id, place.imagePath, told);
  told.stopped();
  told.ready('stopped');
  if (!flags.leaveRunning) return 0;
  const { restoreInItsPlace } = await import('./restoreInItsPlace.ts');
  return restoreInItsPlace(runtime, container, place.imagePath, told);
}

/** Everything before the capture. What it throws is a refusal: nothing is left of it. */
async function prepare(
  runtime: RunscRuntime,
  flags: CheckpointFlags,
  interruption: Interruption,
  told: Told,
): Promise<{ place: ImagePlace; container: RuntimeContainer }> {
  let place: ImagePlace | undefined;
  try {
    place = openImagePlace(flags.imagePath);
    await clearStaleAttempts(runtime, place.imagePath);
    const container = await runtime.load(flags.id);
    requireAllowed('checkpoint', container.id, container.status);
    noteAttempt(place.attemptDir, container);
    interruption.check();
    await told.accepted();
    return { place, container };
  } catch (error) {
    place?.discard();
    told.refused(error);
    throw error;
  }
}

/** The image is safe: only now the container ends. @throws StasisError saying that the image is there all the same */
async function end(runtime: RunscRuntime, id: string, imagePath: string, told: Told): Promise<void> {
  try {
    await runtime.kill(id);
  } catch (error) {
    const why = `${messageOf(error)}; the image in ${imagePath} is whole, but container "${id}" could not be ended`;
    const failed = new StasisError(isStasisError(error) ? error.code : 'RuntimeFailed', why, { cause: error });
    told.failed(failed, 'unknown');
    throw failed;
  }
}

/** What to ask of the runtime: to pause rather than stop wherever it can, so that no failure costs the container. */
function whatComesAfter({ features }: RuntimeInfo, leaveRunning: boolean): 'resume' | 'pause' | 'stop' {
  if (leaveRunning) return features.resumesInPlace ? 'resume' : 'stop';
  return features.capturesPaused ? 'pause' : 'stop';
}
