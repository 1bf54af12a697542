import { readdir, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { isStasisError, StasisError } from '@stasis/errors';
import { checkpointFileName } from './manifest.ts';
import { openImageFile, piecesOf } from './readFiles.ts';
import { headerOf } from './readHeader.ts';
import { ByteStream } from './runsc/byteStream.ts';
import { inflateState } from './runsc/inflateState.ts';
import { beginsObjects, readMemory, readObjects, readSections } from './runsc/readState.ts';
import { NeedMore, NotWire } from './runsc/wire.ts';
import { fileFault } from './verifyImage.ts';

export const pagesFileName = 'pages.img';
export const pagesMetaFileName = 'pages_meta.img';

export interface Completeness {
  /**
   * True: the metadata say how many bytes of pages there must be, and there are. False (memory as builds of 2022 and
   * 2024 write it): everything was read and ends where a section ends, but an image cut exactly between two stretches
   * of pages would look the same.
   */
  readonly exact: boolean;
  /** Bytes of memory pages in the image, uncompressed. */
  readonly pageBytes: number;
}

/**
 * Shows from their content that the files a runtime wrote into `dir` are whole: checkpoint.img is read to its end,
 * inflated where compressed, and every section in it ends where it says; pages.img is exactly as long as pages_meta.img
 * (or checkpoint.img) says; the file system has room left, since one that is full may have taken less than it was given.
 * Says nothing about flipped bytes inside: digests do, once sealed.
 * @throws StasisError ImageIncomplete naming the file, IntegrityMismatch when checkpoint.img is no image, NoSpace
 */
export async function checkCompleteness(dir: string): Promise<Completeness> {
  const inCheckpoint = await within(dir, checkpointFileName, async (stream) => {
    await readObjects(stream);
    await readObjects(stream);
    if (await stream.atEnd()) return undefined;
    if (beginsObjects(await stream.peek(10))) return { exact: false, pageBytes: await readSections(stream) };
    return { exact: true, pageBytes: await readMemory(stream, 'inline') };
  });
  const result = inCheckpoint ?? (await checkPages(dir));
  if (inCheckpoint?.pageBytes === 0)
    throw fileFault('ImageIncomplete', checkpointFileName, 'ends before the memory of the container', dir);
  await checkSpace(dir);
  return result;
}

async function checkPages(dir: string): Promise<Completeness> {
  const names = await readdir(dir);
  for (const name of [pagesMetaFileName, pagesFileName])
    if (!names.includes(name)) throw fileFault('ImageIncomplete', name, 'is missing', dir);
  const said = await within(dir, pagesMetaFileName, async (stream) =>
    beginsObjects(await stream.peek(10))
      ? { exact: false, pageBytes: await readSections(stream) }
      : { exact: true, pageBytes: await readMemory(stream, 'beside') },
  );
  const handle = await openImageFile(join(dir, pagesFileName));
  const { size } = await handle.stat();
  await handle.close();
  if (said.exact ? size !== said.pageBytes : size === 0 || size % 4096 !== 0)
    throw fileFault(
      'ImageIncomplete',
      pagesFileName,
      said.exact
        ? `has ${size} bytes where ${pagesMetaFileName} says ${said.pageBytes}`
        : `has ${size} bytes, no whole pages`,
      dir,
    );
  return { exact: said.exact, pageBytes: size };
}

/** Reads one file of the image with `read`, which must end where the file ends. */
async function within<T>(dir: string, name: string, read: (stream: ByteStream) => Promise<T>): Promise<T> {
  const path = join(dir, name);
  const handle = await openImageFile(path);
  try {
    const isCheckpoint = name === checkpointFileName;
    const header = isCheckpoint ? await headerOf(handle, path) : { compression: 'none', dataOffset: 0 };
    const pieces = piecesOf(handle, header.dataOffset);
    const stream = new ByteStream(header.compression === 'none' ? pieces : inflateState(pieces));
    const result = await read(stream);
    if (!(await stream.atEnd())) throw new NotWire(`goes on after its end at byte ${stream.position}`);
    return result;
  } catch (error) {
    if (isStasisError(error)) throw error;
    if (error instanceof NeedMore) throw fileFault('ImageIncomplete', name, 'is cut short', dir);
    if (error instanceof NotWire) throw fileFault('ImageIncomplete', name, `is not whole: ${error.message}`, dir);
    throw error;
  } finally {
    await handle.close();
  }
}

async function checkSpace(dir: string): Promise<void> {
  const { bavail } = await statfs(dir);
  if (bavail > 0) return;
  throw new StasisError('NoSpace', `the file system of ${dir} is full, so what was written to it cannot be relied on`, {
    next: 'Free space there, or choose another directory, and try again.',
  });
}
