import { readSync } from 'node:fs';
import { isStasisError, StasisError } from '@stasis/errors';
import { codeOf } from './storeFaults.ts';

/** @throws StasisError ImageIncomplete when the file ends before that */
export function readExactly(fd: number, at: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafeSlow(length);
  for (let done = 0; done < length;) {
    const count = readSync(fd, bytes, done, length - done, at + done);
    if (count === 0) throw new StasisError('ImageIncomplete', 'it is cut short');
    done += count;
  }
  return bytes;
}

/** Whatever is wrong with a pack is said with its name; one that is not there makes an image incomplete. */
export function inPack<T>(packId: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    const missing = codeOf(error) === 'ENOENT';
    if (!isStasisError(error) && !missing) throw error;
    const what = isStasisError(error) ? error.message : 'it is missing';
    throw new StasisError(isStasisError(error) ? error.code : 'ImageIncomplete', `pack ${packId}: ${what}`, {
      cause: error,
      ...(isStasisError(error) && error.next !== undefined ? { next: error.next } : {}),
    });
  }
}
