import { setTimeout as sleep } from 'node:timers/promises';
import type { DeliveredMessage } from '@stasis/bus';
import { isStasisError, StasisError } from '@stasis/errors';
import type { RecordedEvent } from '@stasis/events';
import type { Append, Ledger } from '@stasis/ledger';
import { withLedger } from '../databaseAway.ts';
import { decideFact } from './decideFact.ts';
import { type Fact, readFact } from './readFact.ts';

/** What was recorded, with the stream it went to, for metrics. */
export type OnRecorded = (added: readonly RecordedEvent[], stream: readonly RecordedEvent[]) => void;

const maxRounds = 50;

/**
 * Records a batch of facts: reads each, loads all their streams at once, decides in order, appends in one go. What lost a
 * race is decided again. A fact that was recorded before adds nothing.
 *
 * Bad messages are told apart from the rest first: the good ones are recorded, then the first bad one's error is thrown,
 * so that the bus finds it, sets it aside and goes on.
 * @throws StasisError EventMalformed or NotAuthorised for a bad message; AuditUnavailable (retryable) while the ledger
 * cannot record.
 */
export async function recordFacts(
  ledger: Ledger,
  messages: readonly DeliveredMessage[],
  onRecorded: OnRecorded = () => {},
): Promise<void> {
  const problems: unknown[] = [];
  let facts: readonly Fact[] = messages.flatMap((message) => {
    try {
      return [readFact(message)];
    } catch (error) {
      problems.push(error);
      return [];
    }
  });
  for (let round = 1; facts.length > 0; round += 1) {
    if (round > maxRounds) throw new StasisError('VersionConflict', 'the streams of a batch of facts kept changing');
    if (round > 1) await sleep(Math.random() * 5 * round);
    facts = await recordRound(ledger, facts, problems, onRecorded);
  }
  if (problems.length > 0) throw problems[0];
}

/** One round; returns the facts that must be decided again. */
async function recordRound(
  ledger: Ledger,
  facts: readonly Fact[],
  problems: unknown[],
  onRecorded: OnRecorded,
): Promise<readonly Fact[]> {
  const streams = await loadStreams(ledger, facts);
  const recordedTime = new Date().toISOString();
  const planned: { fact: Fact; append: Append; before: readonly RecordedEvent[] }[] = [];
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
      problems.push(error);
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
