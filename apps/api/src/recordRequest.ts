import { StasisError } from '@stasis/errors';
import type { Decision, Recorded } from './recordEvents.ts';
import { recordEvents } from './recordEvents.ts';
import type { Platform } from './platform.ts';

/** Records what a person asked for, and keeps metrics and known positions in step. */
export async function record(platform: Platform, decision: Decision): Promise<Recorded> {
  const recorded = await recordEvents(platform.ledger, decision);
  noteRecorded(platform, recorded);
  return recorded;
}

export function noteRecorded(platform: Pick<Platform, 'heads' | 'metrics'>, { added, stream }: Recorded): void {
  const last = added.at(-1);
  if (last !== undefined) platform.heads.note(last.event.ledger, last.position);
  platform.metrics.observe(added, stream);
}

/** Of a view that must be there because its stream was just written. */
export function present<View>(view: View | undefined): View {
  if (view === undefined) throw new StasisError('Internal', 'a stream that was just written is empty');
  return view;
}
