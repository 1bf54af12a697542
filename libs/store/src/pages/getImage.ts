import { randomBytes } from 'node:crypto';
import { mkdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { writeNew } from '@stasis/image';
import type { StoredImage } from './imageBody.ts';
import type { Places } from './places.ts';
import { ImageReading } from './readFiles.ts';
import type { WorkerPool } from './workerPool.ts';

/** Reads every byte of an image back; `onFile` sees small files (below 16 MiB) whole. @throws StasisError IntegrityMismatch, ImageIncomplete */
export async function verifyFiles(
  pool: WorkerPool,
  places: Places,
  image: StoredImage,
  onFile: (name: string, bytes: Buffer) => void = () => {},
): Promise<void> {
  const reading = await ImageReading.of(pool, places, image);
  try {
    for (const file of image.files) {
      const kept: Buffer[] = [];
      for await (const piece of reading.pieces(file)) if (file.size < 16 << 20) kept.push(Buffer.from(piece));
      if (file.size < 16 << 20) onFile(file.name, Buffer.concat(kept));
    }
  } finally {
    await reading.end();
  }
}

/**
 * Writes an image into the new directory `target` (0700, files 0600), every byte checked before the directory gets its
 * name. Not synced: what is materialised is for a restore now and can be had again.
 */
export async function writeFiles(
  pool: WorkerPool,
  places: Places,
  image: StoredImage,
  target: string,
  check: (dir: string) => Promise<void>,
): Promise<void> {
  await mkdir(dirname(target), { recursive: true, mode: 0o700 });
  const temp = join(dirname(target), `.${basename(target)}.${randomBytes(6).toString('hex')}.tmp`);
  const reading = await ImageReading.of(pool, places, image);
  try {
    await mkdir(temp, { mode: 0o700 });
    for (const file of image.files)
      await writeNew(
        join(temp, file.name),
        async (write) => {
          for await (const piece of reading.pieces(file)) await write(piece);
        },
        { sync: false },
      );
    await check(temp);
    await rename(temp, target);
  } finally {
    await reading.end();
    await rm(temp, { recursive: true, force: true });
  }
}
