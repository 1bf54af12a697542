/** How old the last Ready checkpoint of a container may be before it is late, and then at risk, in ms. */
const lateAfterMs = 60 * 60_000;
const riskAfterMs = 24 * 60 * 60_000;

export const risks = ['fresh', 'late', 'old', 'none'] as const;
export type Risk = (typeof risks)[number];

export const riskWords: Readonly<Record<Risk, string>> = {
  fresh: 'within the hour',
  late: 'within a day',
  old: 'older than a day',
  none: 'no Ready checkpoint',
};

/** By the age of what a restore would bring back. */
export function riskOf(capturedAt: string | undefined, now: string): Risk {
  if (capturedAt === undefined) return 'none';
  const age = Date.parse(now) - Date.parse(capturedAt);
  return age <= lateAfterMs ? 'fresh' : age <= riskAfterMs ? 'late' : 'old';
}
