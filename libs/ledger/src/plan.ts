import type { RecordedEvent } from '@stasis/events';
import type { AppendOutcome } from './port.ts';
import type { PreparedAppend } from './prepare.ts';

/** What a store knows about the ledgers, streams and event ids that a batch of appends names. */
export interface Known {
  /** Highest position by ledger; absent = 0. */
  readonly heads: Map<string, number>;
  /** Version by `streamKey`; absent = 0. */
  readonly versions: Map<string, number>;
  /** Those of the named event ids that are recorded. */
  readonly eventIds: Set<string>;
}

export const streamKey = (ledger: string, stream: string): string => `${ledger}\n${stream}`;

export interface PlannedEvent extends RecordedEvent {
  readonly ledger: string;
  readonly leaf: string;
}

/**
 * Decides each append in order as if those before it were recorded, and gives positions and versions. `known` is brought
 * up to date. The one place where conflict and duplicate are told apart, for every store.
 */
export function planAppend(
  append: PreparedAppend,
  known: Known,
): { readonly outcome: AppendOutcome; readonly events: readonly PlannedEvent[] } {
  const { ledger, stream, expectedVersion } = append;
  if (append.events.some((event) => known.eventIds.has(event.id)))
    return { outcome: { outcome: 'duplicate' }, events: [] };
  const actualVersion = known.versions.get(streamKey(ledger, stream)) ?? 0;
  if (actualVersion !== expectedVersion) return { outcome: { outcome: 'conflict', actualVersion }, events: [] };
  const head = known.heads.get(ledger) ?? 0;
  const recorded: RecordedEvent[] = append.events.map((event, index) => ({
    position: head + index + 1,
    stream,
    version: actualVersion + index + 1,
    event,
  }));
  known.heads.set(ledger, head + recorded.length);
  known.versions.set(streamKey(ledger, stream), actualVersion + recorded.length);
  for (const event of append.events) known.eventIds.add(event.id);
  return {
    outcome: { outcome: 'appended', recorded },
    events: recorded.map((one, index) => ({ ...one, ledger, leaf: append.leaves[index]! })),
  };
}
