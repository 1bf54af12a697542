import type { EventData } from './catalogue.ts';

export type Refused = Omit<EventData<'signature.refused'>, 'by' | 'count'>;

interface Entry {
  readonly last: Refused;
  readonly count: number;
  /** Milliseconds at which the last event was made. */
  readonly told: number;
}

/**
 * Turns refused messages into `signature.refused` at a bounded rate: of each (node, fault) the first at once, then at most
 * one event every `everyMs` that counts those since. `node` must come from a bounded set, never from the message alone.
 */
export class RefusalTally {
  readonly #by: 'node' | 'api';
  readonly #everyMs: number;
  readonly #entries = new Map<string, Entry>();
  /** Messages refused since the start. */
  total = 0;

  constructor(by: 'node' | 'api', everyMs = 60_000) {
    this.#by = by;
    this.#everyMs = everyMs;
  }

  /** Counts one. @param now milliseconds, of a clock that only goes on @returns the event that is due because of it */
  note(refused: Refused, now: number): EventData<'signature.refused'> | undefined {
    this.total += 1;
    const key = `${refused.node}\n${refused.why}`;
    const { count = 0, told = -Infinity } = this.#entries.get(key) ?? {};
    this.#entries.set(key, { last: refused, count: count + 1, told });
    return this.#take(key, now);
  }

  /** The events that became due for what was only counted. */
  due(now: number): EventData<'signature.refused'>[] {
    return [...this.#entries.keys()].flatMap((key) => this.#take(key, now) ?? []);
  }

  #take(key: string, now: number): EventData<'signature.refused'> | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined || entry.count === 0 || now - entry.told < this.#everyMs) return undefined;
    this.#entries.set(key, { last: entry.last, count: 0, told: now });
    return { by: this.#by, ...entry.last, count: entry.count };
  }
}
