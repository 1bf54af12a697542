import { readFile } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import { messageOf, StasisError } from '@stasis/errors';

export interface Tls {
  /** PEM, the whole chain. */
  readonly cert: Buffer;
  /** PEM. */
  readonly key: Buffer;
}

/** @throws StasisError ConfigInvalid when a file cannot be read or the two do not belong together. */
export async function readTls(files: { cert: string; key: string }): Promise<Tls> {
  try {
    const [cert, key] = await Promise.all([readFile(files.cert), readFile(files.key)]);
    createSecureContext({ cert, key });
    return { cert, key };
  } catch (error) {
    throw new StasisError('ConfigInvalid', `STASIS_TLS_CERT and STASIS_TLS_KEY cannot be used: ${messageOf(error)}`, {
      next: 'Name a PEM certificate (with its chain) and the PEM key that it was made for.',
      cause: error,
    });
  }
}
