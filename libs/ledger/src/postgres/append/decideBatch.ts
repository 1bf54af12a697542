import { messageOf, StasisError } from '@stasis/errors';
import { type Known, type PlannedEvent, planAppend } from '../../plan.ts';
import type { Append, AppendOutcome } from '../../port.ts';
import type { PreparedAppend } from '../../prepare.ts';
import type { ViewRows } from '../../projection.ts';

/** What one caller asked for. */
export type Call = readonly PreparedAppend[];

export interface Decided {
  /** One a call: its outcomes, or why no store could ever record it. */
  readonly results: readonly PromiseSettledResult<AppendOutcome[]>[];
  readonly events: readonly PlannedEvent[];
  readonly texts: readonly NonNullable<Append['texts']>[number][];
  /** As they are when this is committed. */
  readonly known: Known;
  readonly views: ViewRows;
}

/** Decides the calls of a batch in order. A call whose events no read model can fold is rejected alone and leaves no trace. */
export function decideBatch(calls: readonly Call[], known: Known, views: ViewRows): Decided {
  const rejected = new Map<Call, StasisError>();
  for (;;) {
    const decided = tryAll(calls, rejected, copyOf(known), views.copy());
    if (!('call' in decided)) return decided;
    rejected.set(decided.call, decided.error);
  }
}

function tryAll(
  calls: readonly Call[],
  rejected: ReadonlyMap<Call, StasisError>,
  known: Known,
  views: ViewRows,
): Decided | { call: Call; error: StasisError } {
  const events: PlannedEvent[] = [];
  const texts: NonNullable<Append['texts']>[number][] = [];
  const results: PromiseSettledResult<AppendOutcome[]>[] = [];
  for (const call of calls) {
    const reason = rejected.get(call);
    if (reason !== undefined) {
      results.push({ status: 'rejected', reason });
      continue;
    }
    const value: AppendOutcome[] = [];
    for (const append of call) {
      const planned = planAppend(append, known);
      try {
        views.fold(append.ledger, planned.events);
      } catch (cause) {
        const message = `the append to ${append.stream} fits no read model: ${messageOf(cause)}`;
        return { call, error: new StasisError('EventMalformed', message, { cause }) };
      }
      value.push(planned.outcome);
      events.push(...planned.events);
      if (planned.outcome.outcome === 'appended') texts.push(...(append.texts ?? []));
    }
    results.push({ status: 'fulfilled', value });
  }
  return { results, events, texts, known, views };
}

const copyOf = (known: Known): Known => ({
  heads: new Map(known.heads),
  versions: new Map(known.versions),
  eventIds: new Set(known.eventIds),
});
