import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { StasisError } from '@stasis/errors';
import { checkpointFileName, type Manifest, type ManifestFile, manifestFileName } from './manifest.ts';
import { maxManifestBytes, parseManifest, sha256Of } from './manifestBytes.ts';
import { type FileFacts, hashFile, openImageFile } from './readFiles.ts';
import type { SealedImage } from './sealImage.ts';

/**
 * Reads every byte of a sealed image and checks it: the manifest against `expectedManifestDigest` (when given), its own
 * canonical form and `self`, then each file's size and digest. A file `*.img` that the manifest does not name is
 * refused as well, since a runtime might read it; other files in the directory are left alone.
 * @throws StasisError ImageIncomplete (a file missing or short), IntegrityMismatch; both name the file
 */
export async function verifyImage(dir: string, expectedManifestDigest?: string): Promise<SealedImage> {
  const { manifest, manifestDigest } = await readManifest(dir, expectedManifestDigest);
  const known = new Set(manifest.files.map((file) => file.name));
  const stray = (await readdir(dir)).find((name) => name.endsWith('.img') && !known.has(name));
  if (stray !== undefined) throw fileFault('IntegrityMismatch', stray, 'is not named in the manifest', dir);
  await checkSizes(dir, manifest.files);
  for (const file of manifest.files) checkFile(dir, file, await hashFile(join(dir, file.name)));
  return { manifest, manifestDigest, bytes: manifest.files.reduce((sum, file) => sum + file.size, 0) };
}

/**
 * The manifest of an image, itself checked; the files are not read.
 * @throws StasisError ImageIncomplete (missing), IntegrityMismatch
 */
export async function readManifest(
  dir: string,
  expectedManifestDigest?: string,
): Promise<{ manifest: Manifest; manifestDigest: string; raw: Uint8Array }> {
  const handle = await openImageFile(join(dir, manifestFileName));
  let raw: Uint8Array;
  try {
    const { size } = await handle.stat();
    if (size > maxManifestBytes)
      throw fileFault('IntegrityMismatch', manifestFileName, `is larger than ${maxManifestBytes} bytes`, dir);
    raw = await handle.readFile();
  } finally {
    await handle.close();
  }
  const manifestDigest = sha256Of(raw);
  if (expectedManifestDigest !== undefined && manifestDigest !== expectedManifestDigest)
    throw fileFault(
      'IntegrityMismatch',
      manifestFileName,
      `has the digest ${manifestDigest} where ${expectedManifestDigest} was recorded`,
      dir,
    );
  const manifest = parseManifest(raw);
  if (!manifest.files.some((file) => file.name === checkpointFileName))
    throw fileFault('ImageIncomplete', checkpointFileName, 'is not named in the manifest', dir);
  return { manifest, manifestDigest, raw };
}

/** All sizes first: a cut image is told in milliseconds, whatever its length. */
async function checkSizes(dir: string, files: readonly ManifestFile[]): Promise<void> {
  for (const file of files) {
    const handle = await openImageFile(join(dir, file.name));
    try {
      checkSize(dir, file, (await handle.stat()).size);
    } finally {
      await handle.close();
    }
  }
}

/** @throws StasisError ImageIncomplete when shorter than sealed, IntegrityMismatch when longer or of another digest */
export function checkFile(dir: string, sealed: ManifestFile, found: FileFacts): void {
  checkSize(dir, sealed, found.size);
  if (found.digest !== sealed.digest)
    throw fileFault('IntegrityMismatch', sealed.name, `has the digest ${found.digest}, sealed ${sealed.digest}`, dir);
}

function checkSize(dir: string, sealed: ManifestFile, size: number): void {
  if (size < sealed.size)
    throw fileFault('ImageIncomplete', sealed.name, `is cut short: ${size} of ${sealed.size} bytes`, dir);
  if (size > sealed.size)
    throw fileFault('IntegrityMismatch', sealed.name, `has ${size} bytes where ${sealed.size} were sealed`, dir);
}

export const fileFault = (
  code: 'ImageIncomplete' | 'IntegrityMismatch',
  name: string,
  what: string,
  dir: string,
): StasisError =>
  new StasisError(code, `${name} ${what} (in ${dir})`, {
    details: [{ field: name, message: what }],
    next: 'Use another checkpoint, or fetch this image again from the store.',
  });
