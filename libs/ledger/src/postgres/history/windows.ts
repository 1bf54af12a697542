/** Positions that one row of event_spans stands for, as a power of two. */
export const spanShift = 12;
/** Sizes of the stretches of a ledger that have a term of their own, as powers of two. */
const bucketShifts = [16, 19] as const;

const bucketTerm = (ledger: string, shift: number, bucket: number): string => `at:${ledger}/${shift}/${bucket}`;

export const bucketOf = (position: number, shift: number): number => Math.floor(position / 2 ** shift);

/** The terms that say in which stretches of its ledger an event is. */
export const placeTerms = (ledger: string, position: number): string[] =>
  bucketShifts.map((shift) => bucketTerm(ledger, shift, bucketOf(position, shift)));

/** Positions from `low` up to, not including, `high`. */
export interface Run {
  readonly low: number;
  readonly high: number;
}

/** A stretch to look through: row by row, or by index when `term` names it there. */
export interface Window extends Run {
  readonly term?: string;
}

/**
 * The stretches in which to look for a page, one after the other, until it is full. What is frequent is found in the
 * first few thousand rows; what is rare is looked up by index in stretches that grow, so that neither a frequent word
 * brings a million hits at once nor a rare one makes us read a million rows.
 */
export function* windowsOf(ledger: string, runs: readonly Run[], order: 'asc' | 'desc'): Generator<Window> {
  let looked = 0;
  for (const run of order === 'asc' ? runs : runs.toReversed()) {
    let { low, high } = run;
    while (low < high) {
      const edge = order === 'asc' ? low : high - 1;
      const window = looked === 0 ? around(edge, spanShift) : named(ledger, edge, looked <= 3 ? 16 : 19);
      const next = { ...window, low: Math.max(low, window.low), high: Math.min(high, window.high) };
      yield next;
      looked += 1;
      if (order === 'asc') low = next.high;
      else high = next.low;
    }
  }
}

/** One walk's worth on both sides of where it begins; cut to the run by the caller. */
const around = (edge: number, shift: number): Window => ({ low: edge - 2 ** shift, high: edge + 2 ** shift });

const named = (ledger: string, edge: number, shift: (typeof bucketShifts)[number]): Window => {
  const bucket = bucketOf(edge, shift);
  return { low: bucket * 2 ** shift, high: (bucket + 1) * 2 ** shift, term: bucketTerm(ledger, shift, bucket) };
};
