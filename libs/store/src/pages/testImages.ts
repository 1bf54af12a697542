import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { sealImage, type SealedImage } from '@stasis/image';
import { sampleMeta, writeRuntimeFiles } from '@stasis/image/synthetic';

/** For tests: makes `dir` with a sealed image of these pages. */
export async function sealPages(dir: string, pages: Uint8Array): Promise<SealedImage> {
  await mkdir(dir, { recursive: true });
  await writeRuntimeFiles(dir, { pages });
  return sealImage(dir, sampleMeta);
}

/** Pages that nothing can make smaller. */
export const sealRandomImage = (dir: string, pageBytes: number): Promise<SealedImage> =>
  sealPages(dir, randomBytes(pageBytes));
