import { domainEventOf, type RecordedEvent } from '@stasis/events';
import { projectCheckpoint, projectContainer, projectNode, projectRestore } from '@stasis/lifecycle';
import type { CheckpointView, ContainerView, NodeView, RestoreView } from '@stasis/lifecycle';
import { streamKey } from './plan.ts';

/** The read models, one a noun. */
export interface Views {
  readonly checkpoint: CheckpointView;
  readonly restore: RestoreView;
  readonly container: ContainerView;
  readonly node: NodeView;
}
export type Noun = keyof Views;
export const nouns = ['checkpoint', 'restore', 'container', 'node'] as const satisfies readonly Noun[];

const folds: { readonly [N in Noun]: (view: Views[N] | undefined, recorded: RecordedEvent) => Views[N] } = {
  checkpoint: projectCheckpoint,
  restore: projectRestore,
  container: projectContainer,
  node: projectNode,
};

/** Which read model an event belongs to; absent = none keeps it. */
export function nounOf({ event }: Pick<RecordedEvent, 'event'>): Noun | undefined {
  const { key } = domainEventOf(event);
  const noun = key.slice(0, key.indexOf('.'));
  return nouns.find((known) => known === noun);
}

/** One row of a read model: the view, and where its first event is. */
export interface ViewRow<N extends Noun = Noun> {
  readonly view: Views[N];
  readonly created: number;
  /** The store does not have it yet. */
  readonly isNew: boolean;
}

const foldInto = <N extends Noun>(noun: N, row: ViewRow<N> | undefined, recorded: RecordedEvent): ViewRow<N> => ({
  view: folds[noun](row?.view, recorded),
  created: row?.created ?? recorded.position,
  isNew: row?.isNew ?? true,
});

/** An event with its resource as it was right after it; what the history rows are made of. */
export interface Folded {
  readonly ledger: string;
  readonly recorded: RecordedEvent;
  /** Absent for a noun without read model. */
  readonly view: ViewRow['view'] | undefined;
}

/** Rows that a batch touches, by stream. A fold that is refused leaves them as they were. */
export class ViewRows {
  readonly #rows = new Map<string, { noun: Noun; row: ViewRow; changed: boolean }>();
  readonly #folded: Folded[] = [];

  /** The same rows, to be folded on without changing these. */
  copy(): ViewRows {
    const copy = new ViewRows();
    for (const [key, value] of this.#rows) copy.#rows.set(key, value);
    copy.#folded.push(...this.#folded);
    return copy;
  }

  /** A row as the store has it. */
  load(noun: Noun, ledger: string, id: string, row: ViewRow): void {
    this.put(streamKey(ledger, `${noun}/${id}`), noun, row);
  }

  /** The same, by the key of its stream. */
  put(key: string, noun: Noun, row: ViewRow): void {
    this.#rows.set(key, { noun, row, changed: false });
  }

  /** The row of a stream and its noun; absent = none was loaded or folded. */
  get(key: string): { readonly noun: Noun; readonly row: ViewRow } | undefined {
    return this.#rows.get(key);
  }

  /** Folds events in order, all or none. */
  fold(ledger: string, events: readonly RecordedEvent[]): void {
    const next = new Map<string, { noun: Noun; row: ViewRow; changed: boolean }>();
    const folded: Folded[] = [];
    for (const recorded of events) {
      const noun = nounOf(recorded);
      if (noun === undefined) {
        folded.push({ ledger, recorded, view: undefined });
        continue;
      }
      const key = streamKey(ledger, `${noun}/${recorded.event.subject}`);
      const before = (next.get(key) ?? this.#rows.get(key))?.row as ViewRow<typeof noun> | undefined;
      const row = foldInto(noun, before, recorded);
      next.set(key, { noun, row, changed: true });
      folded.push({ ledger, recorded, view: row.view });
    }
    for (const [key, value] of next) this.#rows.set(key, value);
    this.#folded.push(...folded);
  }

  /** Every event folded so far, in order. */
  get folded(): readonly Folded[] {
    return this.#folded;
  }

  /** The rows of a noun that a fold changed. */
  changed<N extends Noun>(noun: N): ViewRow<N>[] {
    return [...this.#rows.values()]
      .filter((one) => one.noun === noun && one.changed)
      .map((one) => one.row as ViewRow<N>);
  }
}
