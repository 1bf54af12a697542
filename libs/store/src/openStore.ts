import { StasisError } from '@stasis/errors';
import type { PageStore } from './pages/pageStore.ts';

/**
 * The image store at a URL, as STASIS_STORE names it: `file:///…` is a directory. The other settings (STASIS_STORE_KEY,
 * STASIS_STORE_PLAIN, STASIS_STORE_CORES) come from `env`. Nothing is read or made yet; `ping` says whether it can be
 * used.
 * @throws StasisError ConfigInvalid naming the setting
 */
export async function openStore(
  url: string,
  env: Readonly<Record<string, string | undefined>> = process.env,
): Promise<PageStore> {
  if (!URL.canParse(url)) throw invalid(`${JSON.stringify(url)} is not a URL`);
  const { protocol } = new URL(url);
  // Loaded when asked for, so that a start pays for the one store it uses.
  if (protocol === 'file:') return (await import('./pages/pageStore.ts')).openPageStore(url, env);
  throw invalid(`there is no store for ${protocol}//`);
}

const invalid = (what: string): StasisError =>
  new StasisError('ConfigInvalid', `STASIS_STORE: ${what}`, {
    details: [{ field: 'STASIS_STORE', message: what }],
    next: 'Set STASIS_STORE to file:/// and the absolute path of a directory.',
  });
