import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf, StasisError } from '@stasis/errors';
import type { RuntimeContainer } from '@stasis/runtime';
import { runAttached, warn } from '@stasis/runtime/command-line';
import { restoreArguments, runningUnder, type RunscRuntime } from '@stasis/runtime/runsc';
import type { Told } from './told.ts';

/**
 * `--leave-running` on a runtime that cannot resume in place, the way runsc of 2022 does it: the container has stopped
 * with its image; it is destroyed, made again from its bundle and restored under the same id. This command then is its
 * parent: it waits, and passes the exit status on.
 * @throws StasisError RuntimeFailed naming the image, which then is all that is left of the container.
 */
export async function restoreInItsPlace(
  runtime: RunscRuntime,
  container: RuntimeContainer,
  imageDir: string,
  told: Told,
): Promise<number> {
  const { id, bundle } = container;
  const lost = (why: string, cause?: unknown): StasisError =>
    new StasisError('RuntimeFailed', `${why}; container "${id}" has stopped and its image is in ${imageDir}`, {
      next: 'Restore it with `restorer restore`.',
      cause,
    });
  if (bundle === '') throw lost('setting bundleDir');
  try {
    JSON.parse(readFileSync(join(bundle, 'config.json'), 'utf8'));
  } catch (error) {
    throw lost(`reading spec: ${messageOf(error)}`, error);
  }
  if (container.consoleSocket !== undefined) warn('ignoring console socket since it cannot be restored');
  await runtime.delete(id);
  const argv = restoreArguments({ id, bundle, imageDir, background: false, detach: false });
  const ended = runAttached(runtime.command('restore', ...argv));
  const made = await runningUnder(runtime, id, ended);
  if (made !== undefined) told.restored(made);
  return ended;
}
