import { StasisError } from '@stasis/errors';
import type { ImageStore } from './port.ts';

/**
 * The image store at a URL, as STASIS_STORE names it: `file:///…` is a directory. Nothing is read or made yet; `ping`
 * says whether it can be used.
 * @throws StasisError ConfigInvalid naming STASIS_STORE
 */
export async function openStore(url: string): Promise<ImageStore> {
  if (!URL.canParse(url)) throw invalid(`${JSON.stringify(url)} is not a URL`);
  const { protocol } = new URL(url);
  // Loaded when asked for, so that a start pays for the one store it uses.
  if (protocol === 'file:') return (await import('./directory/index.ts')).openDirectoryStore(url);
  throw invalid(`there is no store for ${protocol}//`);
}

const invalid = (what: string): StasisError =>
  new StasisError('ConfigInvalid', `STASIS_STORE: ${what}`, {
    details: [{ field: 'STASIS_STORE', message: what }],
    next: 'Set STASIS_STORE to file:/// and the absolute path of a directory.',
  });
