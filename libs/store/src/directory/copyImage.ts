import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { checkFile, type FileFacts, hashFile, type Manifest, manifestFileName, syncDir, writeNew } from '@stasis/image';

/**
 * Copies a sealed image into the new directory `to` (0700, files 0600), checking every byte on the way against its
 * manifest. On failure `to` is the caller's to remove. With `sync` all of it is on disk when this resolves, `to`'s own
 * name apart.
 * @throws StasisError ImageIncomplete, IntegrityMismatch, NoSpace
 */
export async function copyImage(
  from: string,
  to: string,
  manifest: Manifest,
  rawManifest: Uint8Array,
  options: { readonly sync: boolean },
): Promise<void> {
  await mkdir(to, { mode: 0o700 });
  for (const file of manifest.files) {
    let found: FileFacts | undefined;
    const source = join(from, file.name);
    await writeNew(join(to, file.name), async (write) => void (found = await hashFile(source, write)), options);
    if (found) checkFile(from, file, found);
  }
  await writeNew(join(to, manifestFileName), (write) => write(rawManifest), options);
  if (options.sync) await syncDir(to);
}
