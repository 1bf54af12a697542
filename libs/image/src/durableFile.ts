import { randomBytes } from 'node:crypto';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { isStasisError, messageOf, StasisError } from '@stasis/errors';

/** This file owns durable writes: nothing else in image and store opens a file for writing, syncs or renames. */

/** fsync of a file that another process wrote. A write that failed late (disk full, I/O error) is reported here. */
export const syncFile = (path: string): Promise<void> => using(path, 'r', (handle) => handle.sync());

/** fsync of a directory: after it, names made, renamed or removed in it survive a power loss. */
export const syncDir = syncFile;

/**
 * Writes `bytes` under `path` so that after a crash there is the old file, or none, or the whole new one. The new file
 * is 0600. @throws StasisError NoSpace; nothing is left behind then
 */
export async function writeDurably(path: string, bytes: Uint8Array): Promise<void> {
  const temp = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}.tmp`);
  try {
    await writeNew(temp, async (write) => write(bytes));
    await rename(temp, path);
  } catch (error) {
    await rm(temp, { force: true });
    throw asNoSpace(error, path);
  }
  await syncDir(dirname(path));
}

/**
 * Makes a new file (0600, exclusive) from what `fill` writes into it, and syncs it unless told that the file is only
 * for now; its directory is the caller's to sync. What was written before a failure is the caller's to remove.
 * @throws StasisError NoSpace
 */
export async function writeNew(
  path: string,
  fill: (write: (bytes: Uint8Array) => Promise<void>) => Promise<void>,
  options: { readonly sync: boolean } = { sync: true },
): Promise<void> {
  try {
    await using(
      path,
      'wx',
      async (handle) => {
        await fill((bytes) => writeAll(handle, bytes));
        if (options.sync) await handle.sync();
      },
      0o600,
    );
  } catch (error) {
    throw asNoSpace(error, path);
  }
}

/** Renames and makes the new name durable. */
export async function renameDurably(from: string, to: string): Promise<void> {
  await rename(from, to);
  await syncDir(dirname(to));
  if (dirname(from) !== dirname(to)) await syncDir(dirname(from));
}

/** A full disk or a used-up quota as NoSpace; whatever else it is, unchanged. */
export function asNoSpace(error: unknown, path: string): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (isStasisError(error) || (code !== 'ENOSPC' && code !== 'EDQUOT')) return error;
  return new StasisError('NoSpace', `no space left for ${path}: ${messageOf(error)}`, {
    cause: error,
    next: 'Free space on that file system, or choose another, and try again.',
  });
}

async function writeAll(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length;) done += (await handle.write(bytes, done, bytes.length - done)).bytesWritten;
}

async function using(
  path: string,
  flags: string,
  use: (handle: FileHandle) => Promise<void>,
  mode?: number,
): Promise<void> {
  const handle = await open(path, flags, mode);
  try {
    await use(handle);
  } finally {
    await handle.close();
  }
}
