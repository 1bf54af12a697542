import type { RecordedEvent, StasisEvent } from '@stasis/events';

/** One decision: all its events go to one stream, all or none, if the stream is still at `expectedVersion`. */
export interface Append {
  readonly ledger: string;
  readonly stream: string;
  /** Version of the last event the decision was made on; 0 = the stream must not exist. */
  readonly expectedVersion: number;
  /** With `recordedtime` set. Event ids are unique: an id that is recorded already makes the whole append a duplicate. */
  readonly events: readonly StasisEvent[];
  /** Free texts that belong to these events and must be erasable: kept beside the rows, never in a leaf. */
  readonly texts?: readonly { readonly eventId: string; readonly text: string; readonly salt: string }[];
}

export type AppendOutcome =
  | { readonly outcome: 'appended'; readonly recorded: readonly RecordedEvent[] }
  /** The stream moved on: read it again and decide again. */
  | { readonly outcome: 'conflict'; readonly actualVersion: number }
  /** The first event's id is in the ledger already: nothing was appended. */
  | { readonly outcome: 'duplicate' };

export interface ReadOptions {
  /** Events above this position. */
  readonly after: number;
  readonly limit: number;
}

/**
 * The append-only event store. Implementations: memory (tests, simulation) and Postgres; both pass one contract suite.
 * Positions are dense from 1 per ledger and position order is commit order, so a reader never skips.
 */
export interface Ledger {
  /**
   * Appends each decision on its own terms, in order, in one transaction where the store has them; concurrent calls are
   * gathered into one batch. Projections are in step when it resolves.
   * @throws StasisError AuditUnavailable when nothing could be recorded; then nothing was.
   */
  append(appends: readonly Append[]): Promise<AppendOutcome[]>;
  /** Oldest first; empty for an unknown stream. */
  readStream(ledger: string, stream: string): Promise<RecordedEvent[]>;
  /** Several streams at once; a map entry for each name asked. */
  readStreams(ledger: string, streams: readonly string[]): Promise<Map<string, RecordedEvent[]>>;
  /** In order of position. */
  read(ledger: string, options: ReadOptions): Promise<RecordedEvent[]>;
  /** Absent = no such event. */
  findEvent(eventId: string): Promise<(RecordedEvent & { ledger: string }) | undefined>;
  /** Highest position; 0 = empty. */
  head(ledger: string): Promise<number>;
  /** Calls back (soon, maybe more often than needed) when the ledger grew. Returns the stop function. */
  onGrowth(callback: (ledger: string) => void): () => void;
  close(): Promise<void>;
}
