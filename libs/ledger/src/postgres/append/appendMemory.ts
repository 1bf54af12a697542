import { type Known, streamKey } from '../../plan.ts';
import type { PreparedAppend } from '../../prepare.ts';
import { type Noun, type ViewRow, ViewRows } from '../../projection.ts';
import type { Decided } from './decideBatch.ts';
import type { Mark } from './readMarks.ts';

/** Streams kept at most, over all ledgers; those appended to last. */
const capacity = 20_000;

/** An unbroken run of appends by this process to one ledger. It ends when the ledger's head is not as we left it. */
interface Era {
  mark: Mark;
}

interface Stream {
  readonly era: Era;
  readonly version: number;
  readonly view: { readonly noun: Noun; readonly row: ViewRow } | undefined;
}

export interface Recalled {
  readonly known: Known;
  readonly views: ViewRows;
  /** Those that the store has to be asked about. */
  readonly missing: readonly PreparedAppend[];
}

/**
 * What this process wrote last: stream versions and read-model rows, so that the next batch need not load them again. They
 * are right exactly while the head under the lock is the one this process left; any other writer moves it, and then they are
 * not used. Which event ids are recorded is not kept: the unique index says so, and `forget` makes way for a second look.
 */
export class AppendMemory {
  readonly #eras = new Map<string, Era>();
  readonly #streams = new Map<string, Stream>();

  recall(appends: readonly PreparedAppend[], marks: ReadonlyMap<string, Mark>): Recalled {
    const heads = new Map([...marks].map(([ledger, { position }]) => [ledger, position]));
    const known: Known = { heads, versions: new Map(), eventIds: new Set() };
    const views = new ViewRows();
    const missing: PreparedAppend[] = [];
    for (const append of appends) {
      const key = streamKey(append.ledger, append.stream);
      const stream = this.#streams.get(key);
      if (stream === undefined || stream.era !== this.#eraAt(append.ledger, marks)) {
        missing.push(append);
        continue;
      }
      known.versions.set(key, stream.version);
      if (stream.view !== undefined) views.put(key, stream.view.noun, stream.view.row);
    }
    return { known, views, missing };
  }

  /** Keeps what a committed batch left: `before` as read under its lock, `after` as it wrote. */
  keep({ known, views }: Decided, before: ReadonlyMap<string, Mark>, after: ReadonlyMap<string, Mark>): void {
    const eras = new Map<string, Era>();
    for (const [ledger, mark] of after) {
      const era = this.#eraAt(ledger, before) ?? { mark };
      era.mark = mark;
      eras.set(ledger, era);
      this.#eras.set(ledger, era);
    }
    for (const [key, version] of known.versions) {
      const era = eras.get(key.slice(0, key.indexOf('\n')));
      if (era === undefined) continue;
      const view = views.get(key);
      this.#streams.delete(key);
      this.#streams.set(key, {
        era,
        version,
        view: view && { noun: view.noun, row: { ...view.row, isNew: false } },
      });
    }
    for (const key of this.#streams.keys()) {
      if (this.#streams.size <= capacity) break;
      this.#streams.delete(key);
    }
  }

  /** Forgets everything. Returns whether there was anything to forget. */
  forget(): boolean {
    const held = this.#streams.size > 0;
    this.#eras.clear();
    this.#streams.clear();
    return held;
  }

  #eraAt(ledger: string, marks: ReadonlyMap<string, Mark>): Era | undefined {
    const era = this.#eras.get(ledger);
    const mark = marks.get(ledger);
    return era !== undefined && mark?.position === era.mark.position && mark.written === era.mark.written
      ? era
      : undefined;
  }
}
