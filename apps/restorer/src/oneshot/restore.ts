import { resolve } from 'node:path';
import { StasisError } from '@stasis/errors';
import { hostFacts } from '@stasis/runtime';
import { exitStatusOf, warn, type GlobalFlags } from '@stasis/runtime/command-line';
import { createRunsc, requireFreeName, type RunscRuntime } from '@stasis/runtime/runsc';
import { manifestOf, requireCpuFeatures, requireRestorableSpec, requireSameRuntime } from './compatibility.ts';
import { readBundle } from './readBundle.ts';
import { parseRestoreFlags, restoreUsage, type RestoreFlags } from './restoreFlags.ts';
import { runRestore } from './runRestore.ts';

/** `restorer restore [flags] <container id>`: the container's exit status, 0 with `-detach`, or 128 for every failure. */
export const restore = (globals: GlobalFlags, words: readonly string[]): Promise<number> =>
  exitStatusOf(restoreUsage, async () => {
    const given = parseRestoreFlags(words);
    if (given.imagePath === '') throw new StasisError('BadRequest', 'image-path flag must be provided');
    const flags = { ...given, imagePath: resolve(given.imagePath), bundle: resolve(given.bundle) };
    const runtime = await createRunsc({ binary: globals.binary(), root: globals.root });
    await refuseWhatCannotWork(runtime, flags);
    return runRestore(runtime, flags);
  });

/**
 * Everything that can be known before anything is created. The cheap questions come first; the bytes of the image, read
 * whole, come last.
 */
async function refuseWhatCannotWork(runtime: RunscRuntime, flags: RestoreFlags): Promise<void> {
  await requireFreeName(runtime, flags.id);
  const info = await runtime.info();
  if (flags.background && !info.features.backgroundRestore)
    throw new StasisError('NotSupported', `runsc ${info.version} cannot restore in the background`);
  const wanted = readBundle(flags.bundle);
  const manifest = await manifestOf(flags.imagePath);
  if (manifest === undefined) {
    const { checkUnsealedImage } = await import('./unsealedImage.ts');
    await checkUnsealedImage(flags.imagePath, info);
    warn(`${flags.imagePath} has no manifest.json: whether its bytes are those of the checkpoint is unverified`);
    return;
  }
  const { verifyImage } = await import('@stasis/image');
  await verifyImage(flags.imagePath);
  requireSameRuntime(manifest.runtime, info);
  requireCpuFeatures(manifest.host, hostFacts());
  for (const warning of requireRestorableSpec(manifest.spec, wanted)) warn(warning);
}
