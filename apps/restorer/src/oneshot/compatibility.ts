import { StasisError } from '@stasis/errors';
import { readManifest, type Manifest } from '@stasis/image';
import type { HostFacts, RuntimeInfo } from '@stasis/runtime';
import { compareSpecs, type OciSpec } from '@stasis/spec';

/** @throws StasisError RuntimeMismatch with both versions: the state's layout belongs to the build that wrote it. */
export function requireSameRuntime(written: Manifest['runtime'], here: RuntimeInfo): void {
  if (written.name === here.name && written.version === here.version) return;
  throw new StasisError(
    'RuntimeMismatch',
    `the image was written by ${written.name} ${written.version}, and this is ${here.name} ${here.version}`,
    { next: `Name the other build with --runsc or STASIS_RUNSC.` },
  );
}

/**
 * @throws StasisError CpuFeatureMissing naming each: a process that has looked may be using them. Features that this CPU
 *   has beyond those do no harm.
 */
export function requireCpuFeatures(written: Manifest['host'], here: HostFacts): void {
  if (written.architecture !== here.architecture)
    throw new StasisError(
      'CpuFeatureMissing',
      `the image was written on ${written.architecture}, and this is ${here.architecture}`,
    );
  const has = new Set(here.cpuFeatures);
  const missing = written.cpuFeatures.filter((feature) => !has.has(feature));
  if (missing.length === 0) return;
  throw new StasisError('CpuFeatureMissing', `this CPU (${here.cpuModel}) lacks ${missing.join(', ')}`, {
    next: `Restore on a machine with a CPU like ${written.cpuModel}.`,
    details: missing.map((feature) => ({ field: feature, message: 'missing' })),
  });
}

/**
 * Compares against the spec as it was frozen with the image.
 * @returns what the restored process will not see, one sentence each.
 * @throws StasisError SpecMismatch naming each field by its JSON pointer.
 */
export function requireRestorableSpec(frozen: OciSpec, wanted: OciSpec): string[] {
  const { refused, warned } = compareSpecs(frozen, wanted);
  if (refused.length === 0) return warned.map(({ message }) => message);
  throw new StasisError('SpecMismatch', refused.map(({ message }) => message).join('; '), {
    details: refused.map(({ pointer, message }) => ({ field: pointer, message })),
    next: 'Use the bundle that the container was checkpointed with.',
  });
}

/** The manifest of a sealed image, `undefined` where plain runsc wrote it. @throws StasisError IntegrityMismatch */
export async function manifestOf(imageDir: string): Promise<Manifest | undefined> {
  try {
    return (await readManifest(imageDir)).manifest;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

const isMissing = (error: unknown): boolean =>
  error instanceof StasisError &&
  error.code === 'ImageIncomplete' &&
  error.message.startsWith('manifest.json is missing');
