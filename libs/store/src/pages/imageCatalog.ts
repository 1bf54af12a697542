import { link, readFile, rm } from 'node:fs/promises';
import { isStasisError, StasisError } from '@stasis/errors';
import { manifestFileName, syncDir, writeNew } from '@stasis/image';
import { fingerprintBlockBytes, packHeaderBytes } from './format.ts';
import type { StoredFile, StoredImage } from './imageBody.ts';
import { decodeImage, encodeImage } from './imageObject.ts';
import type { KeyRing } from './keyRing.ts';
import { imagePath, tempPath, type Places } from './places.ts';
import { codeOf } from './storeFaults.ts';

export interface LoadedImage extends StoredImage {
  /** Of its image object. */
  readonly objectBytes: number;
}

/** The image under an id, undefined when there is none. @throws StasisError IntegrityMismatch, NotSupported, ConfigInvalid */
export async function loadImage(
  places: Places,
  id: string,
  ring: KeyRing | undefined,
): Promise<LoadedImage | undefined> {
  try {
    const bytes = await readFile(imagePath(places, id));
    return { ...decodeImage(bytes, id, ring), objectBytes: bytes.length };
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    if (!isStasisError(error)) throw error;
    throw new StasisError(error.code, `images/${id}, the object that names its ${manifestFileName}: ${error.message}`, {
      cause: error,
      details: error.details,
      ...(error.next === undefined ? {} : { next: error.next }),
    });
  }
}

/**
 * Makes an image visible, durably and at once; never in the place of another.
 * @returns the bytes of its object, or undefined when the id was taken meanwhile
 */
export async function commitImage(
  places: Places,
  image: StoredImage,
  ring: KeyRing | undefined,
): Promise<number | undefined> {
  const bytes = encodeImage(image, ring);
  const temp = tempPath(places);
  try {
    await writeNew(temp, (write) => write(bytes));
    await link(temp, imagePath(places, image.id));
    await syncDir(places.images);
    return bytes.length;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return undefined;
    throw error;
  } finally {
    await rm(temp, { force: true });
  }
}

/** Bytes in the store that an image reads: its object, its frames with their fingerprints, and the heads of its packs. */
export function storedBytes({ objectBytes, table, files }: LoadedImage): number {
  const paged = table.length.reduce((sum, length) => sum + length + fingerprintBlockBytes, 0);
  const whole = files.flatMap((file) => (file.kind === 'whole' ? file.frames : []));
  return (
    objectBytes + paged + whole.reduce((sum, { length }) => sum + length, 0) + table.packs.length * packHeaderBytes
  );
}

export const fileOf = (image: StoredImage, name: string): StoredFile | undefined =>
  image.files.find((file) => file.name === name);

/** Bytes of an image as it was captured, its manifest apart. */
export const imageBytes = ({ files }: StoredImage): number =>
  files.reduce((sum, { name, size }) => sum + (name === manifestFileName ? 0 : size), 0);
