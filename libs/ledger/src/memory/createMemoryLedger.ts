import type { RecordedEvent } from '@stasis/events';
import { type Known, type PlannedEvent, planAppend } from '../plan.ts';
import type { Ledger } from '../port.ts';
import { prepareAppend } from '../prepare.ts';

/** A ledger that ends with the process: for tests and simulation. No read models; those are folds of `read`. */
export function createMemoryLedger(): Ledger {
  const events: PlannedEvent[] = [];
  const known: Known = { heads: new Map(), versions: new Map(), eventIds: new Set() };
  const callbacks = new Set<(ledger: string) => void>();
  const recordedOf = ({ position, stream, version, event }: PlannedEvent): RecordedEvent => ({
    position,
    stream,
    version,
    event: structuredClone(event),
  });
  const select = (fits: (event: PlannedEvent) => boolean): RecordedEvent[] => events.filter(fits).map(recordedOf);
  const readStream = (ledger: string, stream: string): RecordedEvent[] =>
    select((event) => event.ledger === ledger && event.stream === stream);

  return {
    append: async (appends) => {
      const outcomes = appends.map(prepareAppend).map((append) => {
        const planned = planAppend(append, known);
        events.push(...structuredClone(planned.events));
        return planned.outcome;
      });
      const grown = new Set(appends.filter((_, n) => outcomes[n]?.outcome === 'appended').map(({ ledger }) => ledger));
      for (const ledger of grown) for (const callback of callbacks) queueMicrotask(() => callback(ledger));
      return outcomes;
    },
    readStream: async (ledger, stream) => readStream(ledger, stream),
    readStreams: async (ledger, streams) => new Map(streams.map((stream) => [stream, readStream(ledger, stream)])),
    read: async (ledger, { after, limit }) =>
      select((event) => event.ledger === ledger && event.position > after).slice(0, limit),
    findEvent: async (eventId) => {
      const found = events.find(({ event }) => event.id === eventId);
      return found && { ...recordedOf(found), ledger: found.ledger };
    },
    head: async (ledger) => known.heads.get(ledger) ?? 0,
    onGrowth: (callback) => {
      const mine = (ledger: string): void => callback(ledger);
      callbacks.add(mine);
      return () => callbacks.delete(mine);
    },
    close: async () => callbacks.clear(),
  };
}
