import type { RecordedEvent, StasisEvent } from '@stasis/events';

/** Columns of every event read; the event itself comes from its leaf, not from the derived columns. */
export const eventColumns = `ledger, position::float8 as position, stream, version, convert_from(leaf, 'UTF8') as leaf`;

export interface EventRow {
  readonly ledger: string;
  readonly position: number;
  readonly stream: string;
  readonly version: number;
  readonly leaf: string;
}

export const recordedOf = ({ position, stream, version, leaf }: EventRow): RecordedEvent => ({
  position,
  stream,
  version,
  event: JSON.parse(leaf) as StasisEvent,
});
