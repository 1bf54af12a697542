import type { Settings } from './settings.ts';

/** The instant after which the recorder ends a request that has not ended. */
export const deadlineOf = (settings: Settings, timeoutSeconds: number | undefined): string =>
  new Date(Date.now() + (timeoutSeconds === undefined ? settings.deadlineMs : timeoutSeconds * 1000)).toISOString();
