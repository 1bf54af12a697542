import { isStasisError, StasisError } from '@stasis/errors';
import type { RuntimeContainer } from '@stasis/runtime';
import { failureExit, runAttached, say } from '@stasis/runtime/command-line';
import { restoreArguments, runningUnder, type RunscRuntime } from '@stasis/runtime/runsc';
import type { RestoreFlags } from './restoreFlags.ts';
import type { Told } from './told.ts';

/**
 * Runs runsc's restore on this command's own stdin, stdout and stderr, which become the container's. runsc says itself
 * why it failed; nothing is left under the id then. 128 is also what runsc passes on for a process that exits 128, so a
 * failure is told by there being no container, or one that never came to run.
 */
export async function runRestore(
  runtime: RunscRuntime,
  flags: RestoreFlags,
  told: Told,
  warnings: readonly string[],
): Promise<number> {
  const since = performance.now();
  const argv = restoreArguments({ ...flags, imageDir: flags.imagePath });
  const ended = runAttached(runtime.command('restore', ...argv));
  const made = await runningUnder(runtime, flags.id, ended);
  if (made !== undefined) told.running(made, Math.round(performance.now() - since), warnings);
  const status = await ended;
  const left = await leftOf(runtime, flags.id);
  const isAlive = left?.run === made?.run && left?.sandboxPid !== undefined;
  if (made !== undefined && !isAlive) told.stopped(made);
  if (status > failureExit && left?.status === 'running')
    say(`this command was ended; container "${flags.id}" goes on`);
  const failed = new StasisError('RuntimeFailed', `runsc could not restore "${flags.id}"`);
  if (made === undefined) told.failed(status === failureExit ? failed : unseen(flags.id, status));
  if (status !== failureExit) return status;
  if (left?.status === 'creating' || left?.status === 'created') await runtime.delete(flags.id);
  if (flags.detach) throw failed;
  return failureExit;
}

/** Its exit status says that it ran; its run, which the ledger wants to know, nobody has seen. */
const unseen = (id: string, status: number): StasisError =>
  new StasisError('OutcomeUnknown', `"${id}" ended with ${status} before it could be looked at`);

async function leftOf(runtime: RunscRuntime, id: string): Promise<RuntimeContainer | undefined> {
  try {
    return await runtime.load(id);
  } catch (error) {
    if (isStasisError(error) && error.code === 'ContainerNotFound') return undefined;
    throw error;
  }
}
