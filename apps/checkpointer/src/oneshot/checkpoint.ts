import { requireAllowed } from '@stasis/container';
import { isStasisError, messageOf, StasisError } from '@stasis/errors';
import type { RuntimeContainer, RuntimeInfo } from '@stasis/runtime';
import { exitStatusOf, type GlobalFlags } from '@stasis/runtime/command-line';
import { createRunsc, type RunscRuntime } from '@stasis/runtime/runsc';
import { checkpointUsage, parseCheckpointFlags, type CheckpointFlags } from './checkpointFlags.ts';
import { captureIntoPlace } from './captureIntoPlace.ts';
import { openImagePlace } from './imagePlace.ts';
import { watchInterruption } from './interruption.ts';
import { clearStaleAttempts, noteAttempt } from './staleAttempts.ts';

/** `checkpointer checkpoint [flags] <container id>`: the exit status is 0, or 128 for every failure, as with runsc. */
export const checkpoint = (globals: GlobalFlags, words: readonly string[]): Promise<number> =>
  exitStatusOf(checkpointUsage, async () => {
    const flags = parseCheckpointFlags(words);
    const runtime = await createRunsc({ binary: globals.binary(), root: globals.root });
    await runtime.load(flags.id);
    if (flags.imagePath === '') throw new StasisError('BadRequest', 'image-path flag must be provided');
    return takeCheckpoint(runtime, flags);
  });

/**
 * One checkpoint with no service running. The order of the checks is that of runsc: container, image path, directory,
 * existing image, status. A container that is to stop is only paused until its image is sealed and in place.
 */
async function takeCheckpoint(runtime: RunscRuntime, flags: CheckpointFlags): Promise<number> {
  const info = await runtime.info();
  const interruption = watchInterruption();
  const place = openImagePlace(flags.imagePath);
  let container: RuntimeContainer;
  try {
    await clearStaleAttempts(runtime, place.imagePath);
    container = await runtime.load(flags.id);
    requireAllowed('checkpoint', container.id, container.status);
    noteAttempt(place.attemptDir, container);
    interruption.check();
  } catch (error) {
    place.discard();
    throw error;
  }
  const after = whatComesAfter(info, flags.leaveRunning);
  await captureIntoPlace(runtime, container, { place, after, compression: flags.compression, interruption });
  interruption.release();
  if (!flags.leaveRunning) {
    await end(runtime, container.id, place.imagePath);
    return 0;
  }
  if (after === 'resume') return 0;
  const { restoreInItsPlace } = await import('./restoreInItsPlace.ts');
  return restoreInItsPlace(runtime, container, place.imagePath);
}

/** The image is safe: only now the container ends. @throws StasisError saying that the image is there all the same */
async function end(runtime: RunscRuntime, id: string, imagePath: string): Promise<void> {
  try {
    await runtime.kill(id);
  } catch (error) {
    const why = `${messageOf(error)}; the image in ${imagePath} is whole, but container "${id}" could not be ended`;
    throw new StasisError(isStasisError(error) ? error.code : 'RuntimeFailed', why, { cause: error });
  }
}

/** What to ask of the runtime: to pause rather than stop wherever it can, so that no failure costs the container. */
function whatComesAfter({ features }: RuntimeInfo, leaveRunning: boolean): 'resume' | 'pause' | 'stop' {
  if (leaveRunning) return features.resumesInPlace ? 'resume' : 'stop';
  return features.capturesPaused ? 'pause' : 'stop';
}
