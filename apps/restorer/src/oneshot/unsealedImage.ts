import { join } from 'node:path';
import { StasisError } from '@stasis/errors';
import { checkCompleteness, readHeader } from '@stasis/image';
import type { RuntimeInfo } from '@stasis/runtime';

/**
 * An image that plain runsc wrote has no manifest: all that can be shown is that its files are whole and that a build
 * like this one wrote it. Builds of 2022 name neither themselves nor the compression in the header.
 * @throws StasisError ImageIncomplete, IntegrityMismatch, RuntimeMismatch
 */
export async function checkUnsealedImage(imageDir: string, here: RuntimeInfo): Promise<void> {
  const header = await readHeader(join(imageDir, 'checkpoint.img'));
  const named = header.runtimeVersion;
  const saysCompression = header.metadata['compression'] !== undefined;
  const fits = named === undefined ? saysCompression === here.features.compressionFlag : named === here.version;
  if (!fits)
    throw new StasisError(
      'RuntimeMismatch',
      `the image was written by runsc ${named ?? 'of an older build that does not name itself'}, and this is ${here.name} ${here.version}`,
      { next: 'Name the other build with --runsc or STASIS_RUNSC.' },
    );
  await checkCompleteness(imageDir);
}
