import type { Action } from '@stasis/api-contract';
import { useSession } from './session.ts';

/**
 * Which actions the policies allow the reader, as the api says. What is not allowed is not offered; the api refuses it
 * all the same.
 */
export function useMay(): (action: Action) => boolean {
  const { data } = useSession();
  const allowed = new Set<string>(data?.actions ?? []);
  return (action) => allowed.has(action);
}

/** Why nothing can be done while the past is shown. */
export const offNow = (at: string | undefined): string | undefined =>
  at === undefined ? undefined : 'The past is shown: go back to now to act.';
