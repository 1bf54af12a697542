import { resolve } from 'node:path';
import { isStasisError, StasisError } from '@stasis/errors';
import { hostFacts } from '@stasis/runtime';
import { exitStatusOf, warn, type GlobalFlags } from '@stasis/runtime/command-line';
import { createRunsc, requireFreeName, type RunscRuntime } from '@stasis/runtime/runsc';
import { manifestOf, requireCpuFeatures, requireRestorableSpec, requireSameRuntime } from './compatibility.ts';
import { readBundle } from './readBundle.ts';
import { parseRestoreFlags, restoreUsage, type RestoreFlags } from './restoreFlags.ts';
import { runRestore } from './runRestore.ts';
import { type Told, tellFleet } from './told.ts';

/** `restorer restore [flags] <container id>`: the container's exit status, 0 with `-detach`, or 128 for every failure. */
export const restore = (globals: GlobalFlags, words: readonly string[]): Promise<number> =>
  exitStatusOf(restoreUsage, async () => {
    const given = parseRestoreFlags(words);
    if (given.imagePath === '') throw new StasisError('BadRequest', 'image-path flag must be provided');
    const flags = { ...given, imagePath: resolve(given.imagePath), bundle: resolve(given.bundle) };
    const runtime = await createRunsc({ binary: globals.binary(), root: globals.root });
    const told = await tellFleet(flags, await checkpointIn(flags.imagePath));
    try {
      const warnings = await prepare(runtime, flags, told);
      return await runRestore(runtime, flags, told, warnings);
    } finally {
      await told.settle();
    }
  });

/** What the image's manifest names; what is wrong with the image is said where it is looked at in earnest. */
async function checkpointIn(imagePath: string): Promise<string | undefined> {
  try {
    return (await manifestOf(imagePath))?.checkpoint;
  } catch (error) {
    if (isStasisError(error)) return undefined;
    throw error;
  }
}

/** What it throws is a refusal: nothing was created. */
async function prepare(runtime: RunscRuntime, flags: RestoreFlags, told: Told): Promise<string[]> {
  try {
    const warnings = await refuseWhatCannotWork(runtime, flags);
    for (const warning of warnings) warn(warning);
    await told.accepted();
    return warnings;
  } catch (error) {
    told.refused(error);
    throw error;
  }
}

/**
 * Everything that can be known before anything is created. The cheap questions come first; the bytes of the image, read
 * whole, come last. @returns warnings, one sentence each
 */
async function refuseWhatCannotWork(runtime: RunscRuntime, flags: RestoreFlags): Promise<string[]> {
  await requireFreeName(runtime, flags.id);
  const info = await runtime.info();
  if (flags.background && !info.features.backgroundRestore)
    throw new StasisError('NotSupported', `runsc ${info.version} cannot restore in the background`);
  const wanted = readBundle(flags.bundle);
  const manifest = await manifestOf(flags.imagePath);
  if (manifest === undefined) {
    const { checkUnsealedImage } = await import('./unsealedImage.ts');
    await checkUnsealedImage(flags.imagePath, info);
    return [`${flags.imagePath} has no manifest.json: whether its bytes are those of the checkpoint is unverified`];
  }
  const { verifyImage } = await import('@stasis/image');
  await verifyImage(flags.imagePath);
  requireSameRuntime(manifest.runtime, info);
  requireCpuFeatures(manifest.host, hostFacts());
  return requireRestorableSpec(manifest.spec, wanted);
}
