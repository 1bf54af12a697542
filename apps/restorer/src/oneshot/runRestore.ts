import { isStasisError, StasisError } from '@stasis/errors';
import { failureExit, runAttached, say } from '@stasis/runtime/command-line';
import { restoreArguments, type RunscRuntime } from '@stasis/runtime/runsc';
import type { RestoreFlags } from './restoreFlags.ts';

/**
 * Runs runsc's restore on this command's own stdin, stdout and stderr, which become the container's. runsc says itself
 * why it failed; nothing is left under the id then. 128 is also what runsc passes on for a process that exits 128, so a
 * failure is told by there being no container, or one that never came to run.
 */
export async function runRestore(runtime: RunscRuntime, flags: RestoreFlags): Promise<number> {
  const argv = restoreArguments({ ...flags, imageDir: flags.imagePath });
  const status = await runAttached(runtime.command('restore', ...argv));
  if (status > failureExit && (await statusOf(runtime, flags.id)) === 'running')
    say(`this command was ended; container "${flags.id}" goes on`);
  if (status !== failureExit) return status;
  const left = await statusOf(runtime, flags.id);
  if (left === 'creating' || left === 'created') await runtime.delete(flags.id);
  if (flags.detach) throw new StasisError('RuntimeFailed', `runsc could not restore "${flags.id}"`);
  return failureExit;
}

async function statusOf(runtime: RunscRuntime, id: string): Promise<string> {
  try {
    return (await runtime.load(id)).status;
  } catch (error) {
    if (isStasisError(error) && error.code === 'ContainerNotFound') return 'gone';
    throw error;
  }
}
