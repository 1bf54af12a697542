import { RefusalTally, newId, type SignatureFault } from '@stasis/events';
import type { Disbelieved } from './believeRequest.ts';
import type { FactMaker } from './facts.ts';
import type { Journal } from './journal.ts';
import type { JournalWriter } from './journalWriter.ts';

/** Requests that were not believed: counted, and told to the fleet as `signature.refused` at a bounded rate. */
export interface RequestRefusals {
  /** How many since the start of the agent. */
  readonly total: number;
  note(tx: JournalWriter, why: SignatureFault, claims: Disbelieved['claims']): void;
  stop(): void;
}

const lookEveryMs = 5000;

export interface RequestRefusalsOptions {
  readonly journal: Journal;
  readonly fact: FactMaker;
  readonly node: string;
  readonly log: (line: string) => void;
  /** At most one fact of a fault in this time. */
  readonly everyMs?: number;
}

export function startRequestRefusals(options: RequestRefusalsOptions): RequestRefusals {
  const { journal, fact, node, log, everyMs } = options;
  const tally = new RefusalTally('node', everyMs);
  const tell = (tx: JournalWriter, data: ReturnType<RefusalTally['due']>[number]): void =>
    tx.fact(fact('signature.refused', data.message ?? newId('evt'), data));
  const timer = setInterval(() => {
    const due = tally.due(performance.now());
    if (due.length > 0 && journal.isOpen) void journal.commit((tx) => due.forEach((data) => tell(tx, data)));
  }, lookEveryMs);
  timer.unref();
  return {
    get total() {
      return tally.total;
    },
    note: (tx, why, { id, ...claims }) => {
      log(`a request was not believed: ${why}${id === undefined ? '' : ` (${id})`}`);
      const due = tally.note({ node, why, ...claims, ...(id !== undefined && { message: id }) }, performance.now());
      if (due !== undefined) tell(tx, due);
    },
    stop: () => clearInterval(timer),
  };
}
