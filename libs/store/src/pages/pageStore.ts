import { constants } from 'node:fs';
import { access, readdir, rm, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { StasisError } from '@stasis/errors';
import { type Manifest, manifestFileName, parseManifest, readManifest, syncDir } from '@stasis/image';
import { checkImageId } from '../imageId.ts';
import type { ImageStore, PutOptions, PutResult } from '../port.ts';
import { type Collected, collectGarbage } from './collectGarbage.ts';
import { verifyFiles, writeFiles } from './getImage.ts';
import { fileOf, imageBytes, loadImage, type LoadedImage, storedBytes } from './imageCatalog.ts';
import { makeKeyFile, readKeyFile } from './keyFile.ts';
import type { KeyRing } from './keyRing.ts';
import { imageIds, imagePath, makePlaces, type Places, placesOf } from './places.ts';
import { putImage } from './putImage.ts';
import { directoryOf, readStoreSettings, type StoreSettings } from './settings.ts';
import { naming, unavailable } from './storeFaults.ts';
import { graceMs } from './sweepTemporary.ts';
import { type ImageUsage, type StoreUsage, usageByImage, usageOf } from './usage.ts';
import { sharedPool, type WorkerPool } from './workerPool.ts';

/** What there is to say about a stored image. */
export interface ImageFacts {
  readonly id: string;
  /** ISO 8601. */
  readonly storedAt: string;
  readonly parent?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly encrypted: boolean;
  readonly bytes: number;
  /** Bytes in the store that it reads. */
  readonly bytesStored: number;
  readonly pages: number;
  readonly files: readonly { readonly name: string; readonly size: number; readonly digest: string }[];
  readonly packs: readonly string[];
}

/**
 * Images by page in a directory of this machine or a mounted one: a page that the parent's image has is not kept again.
 * Several processes and machines may use one directory at once. The layout is places.ts, the format
 * docs/formats/page-store.md.
 * @throws StasisError ConfigInvalid when the URL names no directory of this machine, or a setting is wrong
 */
export const openPageStore = (url: string, env: Readonly<Record<string, string | undefined>>): PageStore =>
  new PageStore(url, readStoreSettings(env));

export class PageStore implements ImageStore {
  readonly url: string;
  readonly settings: StoreSettings;
  readonly #places: Places;
  readonly #pool: WorkerPool;

  constructor(url: string, settings: StoreSettings) {
    this.url = url;
    this.settings = settings;
    this.#places = placesOf(directoryOf(url));
    this.#pool = sharedPool(settings.cores);
  }

  async put(id: string, dir: string, options: PutOptions = {}): Promise<PutResult> {
    checkImageId(id);
    const began = performance.now();
    const { manifest, manifestDigest: digest, raw } = await readManifest(dir);
    const files = [...manifest.files, { name: manifestFileName, size: raw.length, digest }];
    for (const { name, size } of manifest.files) await checkSize(dir, name, size);
    return this.#naming(id, async () => {
      const put = await putImage(this.#pool, this.#places, await this.#ringToSeal(), { id, dir, files, ...options });
      return { ...put, seconds: since(began) };
    });
  }

  /** Stores the plain files of any directory. @throws StasisError BadRequest for what is no file; see `put` */
  async putDirectory(
    id: string,
    dir: string,
    options: PutOptions & { readonly labels?: Readonly<Record<string, string>> } = {},
  ): Promise<PutResult & { readonly files: number; readonly bytes: number }> {
    checkImageId(id);
    const began = performance.now();
    const files = await filesOf(dir);
    return this.#naming(id, async () => {
      if (options.parent !== undefined) await this.#present(options.parent);
      const put = await putImage(this.#pool, this.#places, await this.#ringToSeal(), { id, dir, files, ...options });
      const bytes = files.reduce((sum, { size }) => sum + size, 0);
      return { ...put, files: files.length, bytes, seconds: since(began) };
    });
  }

  async verify(id: string, manifestDigest?: string): Promise<{ bytes: number; seconds: number }> {
    checkImageId(id);
    const began = performance.now();
    return this.#naming(id, async () => {
      const image = await this.#load(id);
      if (image === undefined)
        throw new StasisError(
          'ImageIncomplete',
          `images/${id}, the object that names its ${manifestFileName}, is missing`,
        );
      checkManifestDigest(image, manifestDigest);
      await verifyFiles(this.#pool, this.#places, image, (name, bytes) => {
        if (name === manifestFileName && manifestDigest !== undefined) checkManifest(image, parseManifest(bytes));
      });
      return { bytes: imageBytes(image), seconds: since(began) };
    });
  }

  async get(id: string, dir: string, manifestDigest: string): Promise<Manifest> {
    checkImageId(id);
    const target = await newDirectory(dir);
    return this.#naming(id, async () => {
      const image = await this.#present(id);
      checkManifestDigest(image, manifestDigest);
      let manifest: Manifest | undefined;
      await writeFiles(this.#pool, this.#places, image, target, async (written) => {
        manifest = (await readManifest(written, manifestDigest)).manifest;
        checkManifest(image, manifest);
      });
      return manifest!;
    });
  }

  /** Writes whatever was stored under `id` into the new directory `dir`. @throws as `get` */
  async getDirectory(id: string, dir: string): Promise<{ bytes: number; seconds: number }> {
    checkImageId(id);
    const began = performance.now();
    const target = await newDirectory(dir);
    return this.#naming(id, async () => {
      const image = await this.#present(id);
      await writeFiles(this.#pool, this.#places, image, target, async () => {});
      return { bytes: image.files.reduce((sum, { size }) => sum + size, 0), seconds: since(began) };
    });
  }

  async stat(id: string): Promise<{ manifestDigest: string; bytes: number } | undefined> {
    checkImageId(id);
    return this.#naming(id, async () => {
      const image = await this.#load(id);
      const manifest = image && fileOf(image, manifestFileName);
      return image && manifest && { manifestDigest: manifest.digest, bytes: imageBytes(image) };
    });
  }

  /** @throws StasisError CheckpointNotFound, IntegrityMismatch */
  async describe(id: string): Promise<ImageFacts> {
    checkImageId(id);
    return this.#naming(id, async () => factsOf(await this.#present(id)));
  }

  async list(): Promise<string[]> {
    try {
      return await imageIds(this.#places);
    } catch (error) {
      throw unavailable(this.url, error);
    }
  }

  async remove(id: string): Promise<void> {
    checkImageId(id);
    await this.#naming(id, async () => {
      await makePlaces(this.#places);
      await rm(imagePath(this.#places, id), { force: true });
      await syncDir(this.#places.images);
    });
  }

  /** Frees the packs that no image reads any more. @throws StasisError IntegrityMismatch for an image object that cannot be read */
  async collect(options: { readonly dryRun?: boolean; readonly graceMs?: number } = {}): Promise<Collected> {
    return collectGarbage(this.#places, { dryRun: false, graceMs, ...options });
  }

  /** What each image costs, in order of id. @throws StasisError IntegrityMismatch */
  async usageByImage(): Promise<ImageUsage[]> {
    return usageByImage(await this.#loadAll());
  }

  /** What all of them cost. @throws StasisError IntegrityMismatch */
  async usage(): Promise<StoreUsage> {
    return usageOf(this.#places, await this.#loadAll());
  }

  async ping(): Promise<void> {
    try {
      await makePlaces(this.#places);
      const { images, packs, tmp } = this.#places;
      for (const dir of [images, packs, tmp]) await access(dir, constants.R_OK | constants.W_OK | constants.X_OK);
    } catch (error) {
      throw error instanceof StasisError ? error : unavailable(this.url, error);
    }
  }

  async #load(id: string): Promise<LoadedImage | undefined> {
    return loadImage(this.#places, id, await readKeyFile(this.settings.keyFile));
  }

  async #loadAll(): Promise<LoadedImage[]> {
    const images: LoadedImage[] = [];
    for (const id of await this.list()) {
      const image = await this.#naming(id, () => this.#load(id));
      if (image !== undefined) images.push(image);
    }
    return images;
  }

  async #present(id: string): Promise<LoadedImage> {
    const image = await this.#load(id);
    if (image !== undefined) return image;
    throw new StasisError(
      'CheckpointNotFound',
      `images/${id}, the object that names its ${manifestFileName}, is not stored`,
    );
  }

  async #ringToSeal(): Promise<KeyRing | undefined> {
    return this.settings.plain ? undefined : makeKeyFile(this.settings.keyFile);
  }

  #naming<T>(id: string, call: () => Promise<T>): Promise<T> {
    return naming(this.url, this.#places.root, id, call);
  }
}

const since = (began: number): number => (performance.now() - began) / 1000;

const factsOf = (image: LoadedImage): ImageFacts => ({
  id: image.id,
  storedAt: new Date(image.storedAt).toISOString(),
  ...(image.parent !== undefined && { parent: image.parent }),
  labels: image.labels,
  encrypted: image.table.sealed,
  bytes: image.files.reduce((sum, { size }) => sum + size, 0),
  bytesStored: storedBytes(image),
  pages: image.files.reduce((sum, file) => sum + (file.kind === 'pages' ? file.map.length : 0), 0),
  files: image.files.map(({ name, size, digest }) => ({ name, size, digest })),
  packs: image.table.packs.map(({ id }) => id),
});

function checkManifestDigest(image: LoadedImage, expected: string | undefined): void {
  if (expected === undefined) return;
  const found = fileOf(image, manifestFileName)?.digest ?? 'none';
  if (found !== expected)
    throw new StasisError(
      'IntegrityMismatch',
      `${manifestFileName} has the digest ${found} where ${expected} was recorded`,
    );
}

/** The image object and the image's own manifest must say the same. */
function checkManifest(image: LoadedImage, manifest: Manifest): void {
  for (const { name, size, digest } of manifest.files) {
    const kept = fileOf(image, name);
    if (kept === undefined)
      throw new StasisError('ImageIncomplete', `${name} is named in ${manifestFileName} and not kept`);
    if (kept.size !== size || kept.digest !== digest)
      throw new StasisError('IntegrityMismatch', `${name} is kept with another digest than ${manifestFileName} says`);
  }
}

async function checkSize(dir: string, name: string, size: number): Promise<void> {
  const found = await stat(join(dir, name)).catch((error: unknown) => {
    throw new StasisError('ImageIncomplete', `${name} is missing in ${dir}`, { cause: error });
  });
  if (found.size < size)
    throw new StasisError('ImageIncomplete', `${name} is cut short: ${found.size} of ${size} bytes (in ${dir})`);
  if (found.size > size)
    throw new StasisError('IntegrityMismatch', `${name} has ${found.size} bytes where ${size} were sealed (in ${dir})`);
}

async function filesOf(dir: string): Promise<{ name: string; size: number }[]> {
  const found: { name: string; size: number }[] = [];
  const entries = await readdir(dir, { withFileTypes: true }).catch((error: unknown) => {
    throw new StasisError('BadRequest', `${dir} cannot be read as a directory`, { cause: error });
  });
  for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    if (!entry.isFile())
      throw new StasisError('BadRequest', `${join(dir, entry.name)} is no plain file`, {
        next: 'An image is a directory of files.',
      });
    found.push({ name: entry.name, size: (await stat(join(dir, entry.name))).size });
  }
  if (found.length === 0) throw new StasisError('BadRequest', `${dir} holds no file`);
  return found;
}

async function newDirectory(dir: string): Promise<string> {
  const target = resolve(dir);
  const there = await stat(target).then(
    () => true,
    () => false,
  );
  if (there) throw new StasisError('ImageExists', `${target} is there already`);
  return target;
}
