import { type FileHandle, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { isStasisError, StasisError } from '@stasis/errors';
import { checkpointFileName } from './manifest.ts';
import { openImageFile, piecesOf } from './readFiles.ts';
import { headerOf, type ImageHeader } from './readHeader.ts';
import { ByteStream } from './runsc/byteStream.ts';
import { inflateState } from './runsc/inflateState.ts';
import { readMemory, readObjects } from './runsc/readState.ts';
import { unframeState } from './runsc/unframeState.ts';
import { NeedMore, NotWire } from './runsc/wire.ts';
import { fileFault } from './verifyImage.ts';

export const pagesFileName = 'pages.img';
export const pagesMetaFileName = 'pages_meta.img';

export interface Completeness {
  /**
   * True: the metadata say how many bytes of pages there must be, and there are; so with the builds of 2022, 2024 and
   * 2026. False, with metadata of another kind: everything was read and ends where a section ends, but an image cut
   * exactly between two stretches of pages would look the same.
   */
  readonly exact: boolean;
  /** Bytes of memory pages in the image, uncompressed. */
  readonly pageBytes: number;
}

/**
 * Shows from their content that the files a runtime wrote into `dir` are whole: checkpoint.img is read to its end,
 * inflated where compressed, and every section in it ends where it says; the memory pages, in it or in pages.img, are
 * exactly as long as their metadata say; the file system has room left, since one that is full may have taken less than
 * it was given. Says nothing about flipped bytes inside: digests do, once sealed.
 * @throws StasisError ImageIncomplete naming the file, IntegrityMismatch when checkpoint.img is no image, NoSpace
 */
export async function checkCompleteness(dir: string): Promise<Completeness> {
  const inCheckpoint = await within(dir, checkpointFileName, async (stream, compression) => {
    await readObjects(stream);
    await readObjects(stream);
    // Only what is not compressed may have its memory beside it.
    return compression === 'none' && (await stream.atEnd()) ? undefined : readMemory(stream, 'inline');
  });
  const result =
    inCheckpoint === undefined
      ? checkPages(dir, checkpointFileNames.beside, await readPagesMeta(dir), await sizeOf(dir, pagesFileName))
      : checkPages(dir, checkpointFileNames.inline, inCheckpoint.expected, inCheckpoint.inline);
  await checkSpace(dir);
  return result;
}

/** Where the pages are and where it says how many, for messages. */
const checkpointFileNames = {
  inline: { pages: checkpointFileName, metadata: 'its own metadata' },
  beside: { pages: pagesFileName, metadata: pagesMetaFileName },
} as const;

function checkPages(
  dir: string,
  names: { readonly pages: string; readonly metadata: string },
  expected: number | undefined,
  found: number,
): Completeness {
  if (expected !== undefined && found !== expected)
    throw fileFault(
      'ImageIncomplete',
      names.pages,
      `has ${found} bytes of pages where ${names.metadata} says ${expected}`,
      dir,
    );
  if (expected === undefined && (found === 0 || found % 4096 !== 0))
    throw fileFault('ImageIncomplete', names.pages, `has ${found} bytes, no whole pages`, dir);
  return { exact: expected !== undefined, pageBytes: found };
}

const readPagesMeta = (dir: string): Promise<number | undefined> =>
  within(dir, pagesMetaFileName, async (stream) => (await readMemory(stream, 'beside')).expected);

async function sizeOf(dir: string, name: string): Promise<number> {
  const handle = await openImageFile(join(dir, name));
  try {
    return (await handle.stat()).size;
  } finally {
    await handle.close();
  }
}

/** Reads one file of the image with `read`, which must end where the file ends. */
async function within<T>(
  dir: string,
  name: string,
  read: (stream: ByteStream, compression: ImageHeader['compression']) => Promise<T>,
): Promise<T> {
  const path = join(dir, name);
  const handle = await openImageFile(path);
  try {
    const header = name === checkpointFileName ? await headerOf(handle, path) : undefined;
    const stream = new ByteStream(header ? stateOf(handle, header) : piecesOf(handle));
    const result = await read(stream, header?.compression ?? 'none');
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

function stateOf(handle: FileHandle, header: ImageHeader): AsyncIterable<Uint8Array> {
  const pieces = piecesOf(handle, header.dataOffset);
  if (header.compression === 'flate-best-speed') return inflateState(pieces);
  return header.hashed ? unframeState(pieces) : pieces;
}

async function checkSpace(dir: string): Promise<void> {
  const { bavail } = await statfs(dir);
  if (bavail > 0) return;
  throw new StasisError('NoSpace', `the file system of ${dir} is full, so what was written to it cannot be relied on`, {
    next: 'Free space there, or choose another directory, and try again.',
  });
}
