import { type AuditEvent, milliseconds, shortType } from '@stasis/api-contract';

export interface Step {
  readonly name: string;
  readonly ms: number;
}

/** Time from each event to the next one, in ms. */
export const stepsOf = (timeline: readonly AuditEvent[]): Step[] =>
  timeline.slice(1).map((event, n) => ({
    name: shortType(event.type).replace(/^\w+\./, ''),
    ms: Math.max(0, Date.parse(event.time) - Date.parse(timeline[n]!.time)),
  }));

/** Where the time went: a bar whose parts are as wide as their steps took, and the same as a list. */
export function PhaseBar({ of }: { readonly of: readonly AuditEvent[] }) {
  const steps = stepsOf(of);
  const whole = steps.reduce((sum, { ms }) => sum + ms, 0);
  if (steps.length === 0) return null;
  return (
    <ol className="phases" aria-label={`Steps, ${milliseconds(whole)} in all`}>
      {steps.map(({ name, ms }, n) => (
        <li key={`${n} ${name}`} style={{ flexGrow: Math.max(ms, whole / 40) }}>
          <span>{name}</span> <b>{milliseconds(ms)}</b>
        </li>
      ))}
    </ol>
  );
}
