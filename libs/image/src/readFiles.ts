import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { basename } from 'node:path';
import { StasisError } from '@stasis/errors';

const bufferSize = 1 << 20;

/** Opens a regular file of an image for reading. @throws StasisError ImageIncomplete when missing, IntegrityMismatch for a link or a directory */
export async function openImageFile(path: string): Promise<FileHandle> {
  let handle: FileHandle;
  try {
    handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT')
      throw new StasisError('ImageIncomplete', `${basename(path)} is missing: ${path}`, { details: fileDetail(path) });
    if (code === 'ELOOP') throw notRegular(path);
    throw error;
  }
  if ((await handle.stat()).isFile()) return handle;
  await handle.close();
  throw notRegular(path);
}

const notRegular = (path: string): StasisError =>
  new StasisError('IntegrityMismatch', `${basename(path)} is not a regular file: ${path}`, {
    details: fileDetail(path),
  });

const fileDetail = (path: string) => [{ field: basename(path), message: 'this file' }];

/**
 * The bytes of an open file from `start` to its end, in pieces of up to 1 MiB. The next piece is being read while the
 * caller works on this one; a piece is valid until the one after it is asked for.
 */
export async function* piecesOf(handle: FileHandle, start = 0): AsyncGenerator<Uint8Array, void, undefined> {
  // Most files of an image are small, and then a small buffer does.
  const length = Math.min(bufferSize, Math.max(4096, (await handle.stat()).size - start));
  const buffers = [Buffer.allocUnsafeSlow(length), Buffer.allocUnsafeSlow(length)] as const;
  let at = start;
  const read = (turn: 0 | 1) => handle.read(buffers[turn], 0, length, at);
  let turn: 0 | 1 = 0;
  let pending = read(turn);
  for (;;) {
    const { bytesRead } = await pending;
    if (bytesRead === 0) return;
    at += bytesRead;
    const piece = buffers[turn].subarray(0, bytesRead);
    turn = turn === 0 ? 1 : 0;
    pending = read(turn);
    // A read in flight when the caller stops early must not become an unhandled rejection.
    pending.catch(() => undefined);
    yield piece;
  }
}

export interface FileFacts {
  readonly size: number;
  /** `sha256:<hex>`. */
  readonly digest: string;
}

/** Size and digest of a file, read to its end; `onPiece` sees every byte on the way. */
export async function hashFile(
  path: string,
  onPiece?: (piece: Uint8Array) => Promise<void> | void,
): Promise<FileFacts> {
  const handle = await openImageFile(path);
  try {
    const hash = createHash('sha256');
    let size = 0;
    for await (const piece of piecesOf(handle)) {
      hash.update(piece);
      size += piece.length;
      if (onPiece) await onPiece(piece);
    }
    return { size, digest: `sha256:${hash.digest('hex')}` };
  } finally {
    await handle.close();
  }
}
