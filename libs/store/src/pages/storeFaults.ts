import { asNoSpace } from '@stasis/image';
import { isStasisError, messageOf, StasisError } from '@stasis/errors';

/** Runs one call of the store so that whatever goes wrong names the image, the store and a code of the port. */
export async function naming<T>(url: string, root: string, id: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (thrown) {
    const error = asNoSpace(thrown, root);
    if (isStasisError(error))
      throw new StasisError(error.code, `image ${id} in ${url}: ${error.message}`, {
        details: error.details,
        cause: error,
        ...(error.next === undefined ? {} : { next: error.next }),
      });
    if (!isOfStore(error, root)) throw error;
    throw unavailable(url, error);
  }
}

export const unavailable = (url: string, cause: unknown): StasisError =>
  new StasisError('StoreUnavailable', `the image store ${url} cannot be used: ${messageOf(cause)}`, {
    cause,
    next: 'Check that the directory STASIS_STORE names is mounted and writable for this user.',
  });

/** A fault of the file system under the store, not of a directory that the caller named. */
function isOfStore(error: unknown, root: string): boolean {
  if (!(error instanceof Error) || !('syscall' in error)) return false;
  return !('path' in error) || (typeof error.path === 'string' && error.path.startsWith(root));
}

export const codeOf = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
