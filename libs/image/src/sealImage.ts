import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { StasisError } from '@stasis/errors';
import { asNoSpace, syncDir, syncFile, writeDurably } from './durableFile.ts';
import { checkpointFileName, type Manifest, type ManifestFile, manifestFileName } from './manifest.ts';
import { manifestBytes, selfDigest, sha256Of } from './manifestBytes.ts';
import { checkManifestShape, isPlainFileName } from './manifestShape.ts';
import { type FileFacts, hashFile } from './readFiles.ts';

/** What the caller knows of a capture; `files`, `self` and `format` come from the directory. */
export type ImageMeta = Omit<Manifest, 'files' | 'self' | 'format'>;

export interface SealedImage {
  readonly manifest: Manifest;
  /** `sha256:<hex>` of manifest.json. */
  readonly manifestDigest: string;
  /** Bytes of the runtime's files, without manifest.json. */
  readonly bytes: number;
}

/**
 * Makes what the runtime wrote into `dir` an image: every file and the directory are on disk when this resolves, and
 * manifest.json holds their digests. All files of `dir` become part of it, so it holds nothing else. Says nothing about
 * whether the files are whole: `checkCompleteness` does, before this.
 *
 * Sealing again with the same `meta` succeeds while the bytes are the same.
 * @throws StasisError ImageIncomplete (no checkpoint.img), IntegrityMismatch (sealed before with another manifest, or
 *   something in `dir` is no plain file), NoSpace
 */
export async function sealImage(dir: string, meta: ImageMeta): Promise<SealedImage> {
  const names = await imageFileNames(dir);
  if (!names.includes(checkpointFileName))
    throw new StasisError('ImageIncomplete', `${checkpointFileName} is missing: ${join(dir, checkpointFileName)}`, {
      details: [{ field: checkpointFileName, message: 'missing' }],
    });
  const files: ManifestFile[] = [];
  for (const name of names) files.push({ name, ...(await sealFile(join(dir, name))) });
  const unsigned = { format: 'stasis.image/v1', ...meta, files } as const;
  const manifest: Manifest = { ...unsigned, self: selfDigest(unsigned) };
  const fault = checkManifestShape(manifest);
  if (fault !== undefined) throw new StasisError('Internal', `${manifestFileName} of ${dir} ${fault}`);
  const bytes = manifestBytes(manifest);
  if (!(await sealedBefore(dir, bytes))) await writeDurably(join(dir, manifestFileName), bytes);
  await syncDir(dir);
  return { manifest, manifestDigest: sha256Of(bytes), bytes: files.reduce((sum, file) => sum + file.size, 0) };
}

async function imageFileNames(dir: string): Promise<string[]> {
  // Temporary names of writeDurably may be left from a crash; they are no part of the image.
  const names = (await readdir(dir)).filter((name) => name !== manifestFileName && !name.startsWith('.'));
  const odd = names.find((name: string): boolean => !isPlainFileName(name));
  if (odd !== undefined) throw new StasisError('IntegrityMismatch', `${odd} is no name for a file of an image: ${dir}`);
  return names.toSorted((a, b) => (a < b ? -1 : 1));
}

/** The digest is computed while the disk takes the bytes. */
async function sealFile(path: string): Promise<FileFacts> {
  const synced = syncFile(path).catch((error: unknown) => {
    throw asNoSpace(error, path);
  });
  const [facts] = await Promise.all([hashFile(path), synced]);
  return facts;
}

/** Whether `dir` holds this very manifest. @throws StasisError IntegrityMismatch when it holds another */
async function sealedBefore(dir: string, bytes: Uint8Array): Promise<boolean> {
  let present: Buffer;
  try {
    present = await readFile(join(dir, manifestFileName));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false;
    throw error;
  }
  if (present.equals(bytes)) return true;
  throw new StasisError(
    'IntegrityMismatch',
    `${manifestFileName} is there already and says something else: ${join(dir, manifestFileName)}`,
    {
      details: [{ field: manifestFileName, message: 'differs' }],
      next: 'Seal each capture in a directory of its own.',
    },
  );
}
