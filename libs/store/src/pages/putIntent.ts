import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { writeNew } from '@stasis/image';
import { tempPath, type Places } from './places.ts';
import { codeOf } from './storeFaults.ts';

const suffix = '.intent';

/**
 * Says that a put is going to refer to these packs. It stays after the put and is swept by age: gc reads the images
 * first and the intents after, so a pack that a put counts on is named in one or the other at every moment.
 */
export const declareIntent = (places: Places, packIds: readonly string[]): Promise<void> =>
  writeNew(`${tempPath(places)}${suffix}`, (write) => write(Buffer.from(packIds.join('\n'))), { sync: false });

/** Packs that puts no older than `graceMs` at the instant `now` count on. */
export async function declaredPacks({ tmp }: Places, now: number, graceMs: number): Promise<Set<string>> {
  const found = new Set<string>();
  for (const name of await readdir(tmp)) {
    if (!name.endsWith(suffix)) continue;
    try {
      const path = join(tmp, name);
      if (now - (await stat(path)).mtimeMs > graceMs) continue;
      for (const id of (await readFile(path, 'utf8')).split('\n')) found.add(id);
    } catch (error) {
      // Swept meanwhile, so it was too old.
      if (codeOf(error) !== 'ENOENT') throw error;
    }
  }
  return found;
}
