import { setTimeout as sleep } from 'node:timers/promises';
import type { DeliveredMessage } from '@stasis/bus';
import { isStasisError, StasisError } from '@stasis/errors';
import type { RecordedEvent } from '@stasis/events';
import type { Append, Ledger } from '@stasis/ledger';
import { withLedger } from '../databaseAway.ts';
import { decideFact } from './decideFact.ts';
import type { NodeKeys } from '../signatures/nodeKeys.ts';
import { believeFacts, type RefusedFact, refusedFact } from './believeFacts.ts';
import type { Fact, FactMessage } from './readFact.ts';

export interface RecordParts {
  readonly ledger: Ledger;
  readonly keys: NodeKeys;
  /** What was recorded, with the stream it went to, for metrics. */
  readonly onRecorded: (added: readonly RecordedEvent[], stream: readonly RecordedEvent[]) => void;
  /** Facts that are not believed; what it throws is thrown on, and the batch comes again. */
  readonly onRefused: (refused: readonly RefusedFact[]) => Promise<void>;
}

const maxRounds = 50;

/**
 * Records a batch of facts: checks who signed each, loads all their streams at once, decides in order, appends in one go.
 * What lost a race is decided again. A fact that was recorded before adds nothing.
 *
 * What is not believed is told apart first and does not hold up the others. Messages that cannot be read, likewise: the
 * good ones are recorded, then the first bad one's error is thrown, so that the bus finds it, sets it aside and goes on.
 * @throws StasisError EventMalformed for a bad message; AuditUnavailable (retryable) while the ledger cannot record.
 */
export async function recordFacts(parts: RecordParts, messages: readonly DeliveredMessage[]): Promise<void> {
  const at = new Date().toISOString();
  const believed = await believeFacts(parts.keys, messages, at);
  const refused = [...believed.refused];
  const problems = [...believed.problems];
  let { facts } = believed;
  for (let round = 1; facts.length > 0; round += 1) {
    if (round > maxRounds) throw new StasisError('VersionConflict', 'the streams of a batch of facts kept changing');
    if (round > 1) await sleep(Math.random() * 5 * round);
    facts = await recordRound(parts, facts, refused, problems);
  }
  await parts.onRefused(refused);
  if (problems.length > 0) throw problems[0];
}

/** One round; returns the facts that must be decided again. */
async function recordRound(
  { ledger, onRecorded }: RecordParts,
  facts: readonly FactMessage[],
  refused: RefusedFact[],
  problems: unknown[],
): Promise<readonly FactMessage[]> {
  const streams = await loadStreams(ledger, facts);
  const recordedTime = new Date().toISOString();
  const planned: { fact: FactMessage; append: Append; before: readonly RecordedEvent[] }[] = [];
  for (const fact of facts) {
    const before = streams.get(keyOf(fact)) ?? [];
    try {
      const events = decideFact(fact, before, recordedTime);
      if (events.length === 0) continue;
      const expectedVersion = before.length;
      planned.push({ fact, before, append: { ledger: fact.ledger, stream: fact.stream, expectedVersion, events } });
      const assumed = events.map((event, index) => ({
        position: 0,
        stream: fact.stream,
        version: expectedVersion + index + 1,
        event,
      }));
      streams.set(keyOf(fact), [...before, ...assumed]);
    } catch (error) {
      if (!isStasisError(error)) throw error;
      if (error.code === 'NotAuthorised') refused.push(refusedFact(fact, 'ForeignSubject'));
      else problems.push(error);
    }
  }
  if (planned.length === 0) return [];
  const outcomes = await withLedger(() => ledger.append(planned.map(({ append }) => append)));
  return planned.flatMap(({ fact, before }, index) => {
    const outcome = outcomes[index];
    if (outcome?.outcome === 'appended') onRecorded(outcome.recorded, [...before, ...outcome.recorded]);
    return outcome?.outcome === 'conflict' ? [fact] : [];
  });
}

async function loadStreams(ledger: Ledger, facts: readonly Fact[]): Promise<Map<string, readonly RecordedEvent[]>> {
  const byLedger = Map.groupBy(facts, (fact) => fact.ledger);
  const streams = new Map<string, readonly RecordedEvent[]>();
  for (const [name, own] of byLedger) {
    const found = await withLedger(() => ledger.readStreams(name, [...new Set(own.map((fact) => fact.stream))]));
    for (const [stream, events] of found) streams.set(`${name}\n${stream}`, events);
  }
  return streams;
}

const keyOf = (fact: Fact): string => `${fact.ledger}\n${fact.stream}`;
