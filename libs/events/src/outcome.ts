import type { EventKey } from './catalogue.ts';

/** How something ended. `denied` = the asker may not; `refused` = it could not have worked; `voided` = it ran out of time. */
export const outcomes = ['ok', 'failed', 'refused', 'denied', 'canceled', 'voided'] as const;
export type Outcome = (typeof outcomes)[number];

/** The outcome that an event tells, by the second half of its key. Every other event is a step on the way: no outcome. */
const outcomeByWord: Readonly<Record<string, Outcome>> = {
  ready: 'ok',
  running: 'ok',
  started: 'ok',
  stopped: 'ok',
  gone: 'ok',
  failed: 'failed',
  refused: 'refused',
  denied: 'denied',
  rejected: 'denied',
  canceled: 'canceled',
  voided: 'voided',
};

/** Absent = the event ends nothing. */
export const outcomeOf = (key: EventKey): Outcome | undefined => outcomeByWord[key.slice(key.indexOf('.') + 1)];
