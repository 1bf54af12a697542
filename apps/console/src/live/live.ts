import { followEvents } from '@stasis/api-contract';
import { isStasisError, messageOf } from '@stasis/errors';
import type { QueryClient } from '@tanstack/react-query';
import { consoleFetch } from '../session/client.ts';

export type Live =
  | { readonly state: 'connecting' }
  | { readonly state: 'open' }
  /** What is shown may be old since then. */
  | { readonly state: 'broken'; readonly since: number; readonly why: string };

/** Lists are read again at most this often, one resource soon after its event, in ms. */
const listsEveryMs = 2000;
const oneEveryMs = 250;

let live: Live = { state: 'connecting' };
const listeners = new Set<() => void>();
const tell = (next: Live): void => {
  live = next;
  for (const listener of listeners) listener();
};

export const subscribeLive = (listener: () => void): (() => void) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};
export const readLive = (): Live => live;

/**
 * Follows the ledger's events and marks what they speak of as old, so that it is read again. A broken stream is resumed
 * after the last event seen; what was missed in between comes then. Returns the stop function.
 */
export function followLive(queries: QueryClient): () => void {
  const ending = new AbortController();
  const subjects = new Set<string>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let listsAt = 0;

  const flush = (): void => {
    timer = undefined;
    for (const subject of subjects) void queries.invalidateQueries({ queryKey: ['one', subject] });
    subjects.clear();
    if (Date.now() - listsAt < listsEveryMs) return later(listsEveryMs);
    listsAt = Date.now();
    void queries.invalidateQueries({ queryKey: ['list'] });
  };
  const later = (ms: number): void => {
    timer ??= setTimeout(flush, ms);
  };

  const follow = async (): Promise<void> => {
    const events = followEvents({
      server: location.origin,
      fetch: consoleFetch,
      signal: ending.signal,
      onOpen: () => {
        tell({ state: 'open' });
        // What happened before the stream opened may have been missed.
        void queries.invalidateQueries({ queryKey: ['list'] });
        void queries.invalidateQueries({ queryKey: ['one'] });
      },
      onBreak: (error) =>
        tell({ state: 'broken', since: live.state === 'broken' ? live.since : Date.now(), why: error.message }),
    });
    for await (const event of events) {
      subjects.add(event.subject);
      later(oneEveryMs);
    }
  };
  follow().catch((error: unknown) =>
    tell({ state: 'broken', since: Date.now(), why: isStasisError(error) ? error.message : messageOf(error) }),
  );
  return () => {
    ending.abort();
    clearTimeout(timer);
  };
}
