import { randomBytes } from 'node:crypto';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { StasisError } from '@stasis/errors';
import { syncDir } from '@stasis/image';
import { codeOf } from './storeFaults.ts';
import { isImageId } from '../imageId.ts';

/**
 * Where things are in a store's directory. Directories are 0700 and files 0600: an image is the memory of a process.
 *
 *   images/<id>       image object; it makes an image visible, and is written last
 *   packs/<pack id>   frames
 *   tmp/              what is being written, and the intents of puts (putIntent.ts)
 */
export interface Places {
  readonly root: string;
  readonly images: string;
  readonly packs: string;
  readonly tmp: string;
}

export const placesOf = (root: string): Places => ({
  root,
  images: join(root, 'images'),
  packs: join(root, 'packs'),
  tmp: join(root, 'tmp'),
});

export const imagePath = (places: Places, id: string): string => join(places.images, id);
export const packPath = (places: Places, id: string): string => join(places.packs, id);
export const tempPath = (places: Places): string => join(places.tmp, randomBytes(12).toString('hex'));

/** Makes the directories. @throws StasisError ConfigInvalid where the directory has another layout */
export async function makePlaces({ root, images, packs, tmp }: Places): Promise<void> {
  let made = false;
  for (const dir of [images, packs, tmp])
    made = (await mkdir(dir, { recursive: true, mode: 0o700 })) !== undefined || made;
  if (made) await syncDir(root);
  const old = (await readdir(images, { withFileTypes: true })).find((entry) => entry.isDirectory());
  if (old === undefined) return;
  throw new StasisError('ConfigInvalid', `STASIS_STORE: ${images} holds whole images, as Stasis 0.1 kept them`, {
    details: [{ field: 'STASIS_STORE', message: `${join(images, old.name)} is a directory` }],
    next: `Move ${images} away and put each image of it with \`stasis image put\`, or name another directory.`,
  });
}

/** Ids of the images that are there, in order. */
export async function imageIds({ images }: Places): Promise<string[]> {
  try {
    const entries = await readdir(images, { withFileTypes: true });
    return entries
      .filter((entry) => entry.isFile() && isImageId(entry.name))
      .map(({ name }) => name)
      .toSorted();
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  }
}
