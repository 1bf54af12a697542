import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { access, mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { StasisError } from '@stasis/errors';
import { type Manifest, manifestFileName, readManifest, renameDurably, syncDir, verifyImage } from '@stasis/image';
import { checkImageId, isImageId } from '../imageId.ts';
import type { ImageStore, PutResult } from '../port.ts';
import { copyImage } from './copyImage.ts';
import { codeOf, naming, unavailable } from './storeFaults.ts';

/**
 * Images whole, one directory each, under a directory of this machine or a mounted one:
 *
 *   <root>/images/<id>/   a sealed image, files as the manifest names them
 *   <root>/tmp/<random>/  an image on its way in or out; a put that died leaves one, swept after a day
 *
 * Directories are 0700 and files 0600: an image is the memory of a process.
 * @throws StasisError ConfigInvalid when the URL names no directory of this machine
 */
export const openDirectoryStore = (url: string): ImageStore => new DirectoryStore(url);

const sweepAfterMs = 24 * 3_600_000;

class DirectoryStore implements ImageStore {
  readonly url: string;
  readonly #root: string;
  readonly #images: string;
  readonly #tmp: string;

  constructor(url: string) {
    this.url = url;
    this.#root = rootOf(url);
    this.#images = join(this.#root, 'images');
    this.#tmp = join(this.#root, 'tmp');
  }

  async put(id: string, dir: string): Promise<PutResult> {
    checkImageId(id);
    const began = performance.now();
    const { manifest, manifestDigest, raw } = await readManifest(dir);
    return naming(this.url, this.#root, id, async () => {
      await this.#makeDirectories();
      const done = (bytesNew: number, bytesShared: number): PutResult => ({
        bytesNew,
        bytesShared,
        seconds: since(began),
      });
      const total = manifest.files.reduce((sum, file) => sum + file.size, raw.length);
      if (await this.#holds(id, manifestDigest)) return done(0, total);
      await this.#sweep();
      const temp = this.#tempName();
      try {
        await copyImage(dir, temp, manifest, raw, { sync: true });
        try {
          await renameDurably(temp, join(this.#images, id));
        } catch (error) {
          // Another put of the same id came first; it counts if it brought the same image.
          if (codeOf(error) !== 'ENOTEMPTY' && codeOf(error) !== 'EEXIST') throw error;
          if (await this.#holds(id, manifestDigest)) return done(0, total);
          throw error;
        }
        return done(total, 0);
      } finally {
        await rm(temp, { recursive: true, force: true });
      }
    });
  }

  /**
   * The bytes come through the operating system, so what was just written is read from its cache; put has synced it to
   * the disk before.
   */
  async verify(id: string, manifestDigest: string): Promise<{ bytes: number; seconds: number }> {
    checkImageId(id);
    const began = performance.now();
    return naming(this.url, this.#root, id, async () => {
      const { bytes } = await verifyImage(join(this.#images, id), manifestDigest);
      return { bytes, seconds: since(began) };
    });
  }

  async get(id: string, dir: string, manifestDigest: string): Promise<Manifest> {
    checkImageId(id);
    const target = resolve(dir);
    if (await exists(target)) throw new StasisError('ImageExists', `${target} is there already`);
    return naming(this.url, this.#root, id, async () => {
      const from = join(this.#images, id);
      if (!(await exists(from))) throw new StasisError('CheckpointNotFound', 'it is not stored');
      const { manifest, raw } = await readManifest(from, manifestDigest);
      await mkdir(dirname(target), { recursive: true, mode: 0o700 });
      const temp = join(dirname(target), `.${basename(target)}.${randomBytes(6).toString('hex')}.tmp`);
      try {
        // Not synced: what is materialised is for a restore now and can be had again.
        await copyImage(from, temp, manifest, raw, { sync: false });
        await rename(temp, target);
      } finally {
        await rm(temp, { recursive: true, force: true });
      }
      return manifest;
    });
  }

  async stat(id: string): Promise<{ manifestDigest: string; bytes: number } | undefined> {
    checkImageId(id);
    return naming(this.url, this.#root, id, async () => {
      const dir = join(this.#images, id);
      if (!(await exists(dir))) return undefined;
      const { manifest, manifestDigest } = await readManifest(dir);
      return { manifestDigest, bytes: manifest.files.reduce((sum, file) => sum + file.size, 0) };
    });
  }

  async list(): Promise<string[]> {
    try {
      return (await readdir(this.#images)).filter(isImageId).toSorted();
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return [];
      throw unavailable(this.url, error);
    }
  }

  /** Renamed out of sight first: a removal that dies in the middle leaves no half image that `get` would show. */
  async remove(id: string): Promise<void> {
    checkImageId(id);
    await naming(this.url, this.#root, id, async () => {
      await this.#makeDirectories();
      const temp = this.#tempName();
      try {
        await renameDurably(join(this.#images, id), temp);
      } catch (error) {
        if (codeOf(error) === 'ENOENT') return;
        throw error;
      }
      await rm(temp, { recursive: true, force: true });
    });
  }

  async ping(): Promise<void> {
    try {
      await this.#makeDirectories();
      for (const dir of [this.#images, this.#tmp]) await access(dir, constants.R_OK | constants.W_OK | constants.X_OK);
    } catch (error) {
      throw unavailable(this.url, error);
    }
  }

  /** Whether the id is stored with this manifest. @throws StasisError ImageExists when with another */
  async #holds(id: string, manifestDigest: string): Promise<boolean> {
    const dir = join(this.#images, id);
    if (!(await exists(dir))) return false;
    const present = await readManifest(dir);
    if (present.manifestDigest === manifestDigest) return true;
    throw new StasisError('ImageExists', `another image is stored under that id, ${manifestFileName} differs`);
  }

  async #makeDirectories(): Promise<void> {
    const made = await mkdir(this.#images, { recursive: true, mode: 0o700 });
    await mkdir(this.#tmp, { recursive: true, mode: 0o700 });
    if (made !== undefined) await syncDir(this.#root);
  }

  #tempName(): string {
    return join(this.#tmp, randomBytes(12).toString('hex'));
  }

  /** Removes what puts that died left, judged by age, since the other user of the store may be another machine. */
  async #sweep(): Promise<void> {
    for (const name of await readdir(this.#tmp)) {
      const path = join(this.#tmp, name);
      const found = await stat(path).catch((error: unknown) => {
        if (codeOf(error) === 'ENOENT') return undefined;
        throw error;
      });
      if (found && Date.now() - found.mtimeMs > sweepAfterMs) await rm(path, { recursive: true, force: true });
    }
  }
}

const since = (began: number): number => (performance.now() - began) / 1000;

async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false;
    throw error;
  }
}

function rootOf(url: string): string {
  try {
    return fileURLToPath(url);
  } catch (error) {
    throw new StasisError('ConfigInvalid', `STASIS_STORE: ${JSON.stringify(url)} names no directory of this machine`, {
      cause: error,
      details: [{ field: 'STASIS_STORE', message: 'is not file:/// and an absolute path' }],
      next: 'Set STASIS_STORE to file:/// and the absolute path of a directory.',
    });
  }
}
