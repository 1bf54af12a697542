import { isStasisError, StasisError } from '@stasis/errors';
import { manifestFileName } from '@stasis/image';
import type { PutResult } from '../port.ts';
import { commitImage, fileOf, loadImage, storedBytes, type LoadedImage } from './imageCatalog.ts';
import type { KeyRing } from './keyRing.ts';
import { makePlaces, type Places } from './places.ts';
import { putFiles, type SourceFile } from './putFiles.ts';
import { declareIntent } from './putIntent.ts';
import { sweepTemporary } from './sweepTemporary.ts';
import type { WorkerPool } from './workerPool.ts';

export interface ImageToPut {
  readonly id: string;
  readonly dir: string;
  readonly files: readonly SourceFile[];
  readonly parent?: string;
  readonly labels?: Readonly<Record<string, string>>;
}

/** Stores files as an image: what is new into packs, then the image object that makes it visible. */
export async function putImage(
  pool: WorkerPool,
  places: Places,
  ring: KeyRing | undefined,
  image: ImageToPut,
): Promise<Omit<PutResult, 'seconds'>> {
  await makePlaces(places);
  const there = await loadImage(places, image.id, ring);
  if (there !== undefined) return sameAgain(there, image.files);
  await sweepTemporary(places);
  const parent = await usableParent(places, image, ring);
  const sealed = ring !== undefined;
  const found = await putFiles(pool, places, image.dir, image.files, { sealed, ...(parent && { parent }) }).catch(
    (error: unknown) => {
      // What is wrong with the parent must not keep this image out.
      if (parent === undefined || !isOfParent(error)) throw error;
      return putFiles(pool, places, image.dir, image.files, { sealed });
    },
  );
  const { table, files, lineageKey, pages, newPages, packBytes } = found;
  const { id, labels = {} } = image;
  const stored = { id, storedAt: Date.now(), lineageKey, labels, table, files };
  const objectBytes = await commitImage(places, { ...stored, ...(parent && { parent: parent.id }) }, ring);
  if (objectBytes === undefined) {
    const first = await loadImage(places, id, ring);
    if (first === undefined) throw new StasisError('StoreUnavailable', 'the image was removed while it was being put');
    return sameAgain(first, image.files);
  }
  const bytesNew = objectBytes + packBytes;
  return { bytesNew, bytesShared: storedBytes({ ...stored, objectBytes }) - bytesNew, pages, newPages };
}

/** A second put of an image keeps nothing. @throws StasisError ImageExists when it is another image */
function sameAgain(there: LoadedImage, files: readonly SourceFile[]): Omit<PutResult, 'seconds'> {
  const same =
    files.length === there.files.length &&
    files.every(({ name, size, digest }) => {
      const kept = fileOf(there, name);
      return kept?.size === size && kept.digest === digest;
    });
  if (!same) throw new StasisError('ImageExists', `another image is stored under that id, ${manifestFileName} differs`);
  const pages = there.files.reduce((sum, file) => sum + (file.kind === 'pages' ? file.map.length : 0), 0);
  return { bytesNew: 0, bytesShared: storedBytes(there), pages, newPages: 0 };
}

/** The parent, once its packs are named in an intent: only then does a collection leave them alone whatever happens to it. */
async function usableParent(
  places: Places,
  { parent }: ImageToPut,
  ring: KeyRing | undefined,
): Promise<LoadedImage | undefined> {
  if (parent === undefined) return undefined;
  const load = async (): Promise<LoadedImage | undefined> => {
    const image = await loadImage(places, parent, ring).catch((error: unknown) => {
      if (isStasisError(error)) return undefined;
      throw error;
    });
    // Plain frames must not get into a sealed image, nor the other way round.
    return image?.table.sealed === (ring !== undefined) ? image : undefined;
  };
  const seen = await load();
  if (seen === undefined) return undefined;
  await declareIntent(
    places,
    seen.table.packs.map(({ id }) => id),
  );
  return load();
}

const isOfParent = (error: unknown): boolean => isStasisError(error) && /^pack [0-9a-f]{32}: /.test(error.message);
