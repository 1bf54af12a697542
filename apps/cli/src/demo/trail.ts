import { type AuditTrail, shortType } from '@stasis/api-contract';
import { trailText } from '../commands/audit/trail.ts';
import type { Teller } from './teller.ts';

/** What a person who asks for the story of the container wants to hear first, in this order. */
export const milestones = [
  'container.started',
  'checkpoint.ready',
  'checkpoint.ready',
  'container.stopped',
  'container.started',
  'restore.running',
] as const;

/** The events of a trail that are milestones. */
export const milestonesOf = ({ items }: AuditTrail): AuditTrail['items'] => {
  const told: ReadonlySet<string> = new Set(milestones);
  return items.filter(({ event }) => told.has(shortType(event.type)));
};

/** The trail as `stasis audit trail` words it, without the steps between. */
export const tellTrail = (trail: AuditTrail, teller: Teller): void => {
  teller.tell('');
  teller.say(`The trail of ${trail.of}, as \`stasis audit trail\` words it, without the steps between:`, '');
  teller.tell('');
  teller.tell(trailText(milestonesOf(trail), teller.width).trimEnd());
};
