import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { StasisError } from '@stasis/errors';

type Env = Readonly<Record<string, string | undefined>>;

/** How a store is used, from the environment (design.md "Configuration"). */
export interface StoreSettings {
  readonly keyFile: string;
  /** Nothing is encrypted. */
  readonly plain: boolean;
  /** Threads for hashing, compression and encryption. */
  readonly cores: number;
}

/** What whoever opens a plain store must be told. */
export const plainWarning =
  'STASIS_STORE_PLAIN=1: images are stored UNENCRYPTED; whoever can read the store reads the memory of every container';

/** @throws StasisError ConfigInvalid naming the variable */
export function readStoreSettings(env: Env): StoreSettings {
  const plain = env['STASIS_STORE_PLAIN'] || '0';
  if (plain !== '0' && plain !== '1') throw invalid('STASIS_STORE_PLAIN', `"${plain}" is neither 0 nor 1`);
  const cores = Number(env['STASIS_STORE_CORES'] || Math.min(4, availableParallelism()));
  if (!Number.isInteger(cores) || cores < 1 || cores > 64)
    throw invalid('STASIS_STORE_CORES', `"${env['STASIS_STORE_CORES']}" is not a whole number from 1 to 64`);
  const keyFile = resolve(env['STASIS_STORE_KEY'] || join(env['STASIS_HOME'] || '.stasis', 'store.key'));
  return { keyFile, plain: plain === '1', cores };
}

/** The directory at a `file:///` URL. @throws StasisError ConfigInvalid when it names none of this machine */
export function directoryOf(url: string): string {
  try {
    return fileURLToPath(url);
  } catch (error) {
    throw new StasisError('ConfigInvalid', `STASIS_STORE: ${JSON.stringify(url)} names no directory of this machine`, {
      cause: error,
      details: [{ field: 'STASIS_STORE', message: 'is not file:/// and an absolute path' }],
      next: 'Set STASIS_STORE to file:/// and the absolute path of a directory.',
    });
  }
}

const invalid = (field: string, what: string): StasisError =>
  new StasisError('ConfigInvalid', `${field}: ${what}`, { details: [{ field, message: what }] });
