import { setTimeout as sleep } from 'node:timers/promises';
import { StasisError } from '@stasis/errors';
import { type DomainEvent, ledgerOfNoun, newId, type RecordedEvent, type StasisEvent, typeOf } from '@stasis/events';
import type { Append, Ledger } from '@stasis/ledger';
import type { Actor } from './actor.ts';
import type { SealedReason } from './sealReason.ts';

/** One decision about one resource, made anew whenever its stream moved on meanwhile. */
export interface Decision {
  readonly noun: string;
  /** Id of the resource. */
  readonly subject: string;
  readonly actor: Actor;
  /** Id that the first event gets; default a new one. */
  readonly firstId?: string;
  readonly causationId?: string;
  /** The reason in the first event; its text is kept beside it. */
  readonly reason?: SealedReason | undefined;
  /** Pure: events so far -> further events. What it throws goes to the caller. */
  readonly decide: (recorded: readonly RecordedEvent[]) => readonly DomainEvent[];
}

export interface Recorded {
  /** The whole stream as it is now. */
  readonly stream: readonly RecordedEvent[];
  /** What this decision added; empty when there was nothing to add. */
  readonly added: readonly RecordedEvent[];
}

const maxAttempts = 50;

/**
 * Reads the stream, decides, appends under its version, and starts over on a conflict.
 * @throws StasisError AuditUnavailable when nothing could be recorded; VersionConflict after 50 lost races.
 */
export async function recordEvents(ledger: Ledger, decision: Decision): Promise<Recorded> {
  const ledgerName = ledgerOfNoun(decision.noun);
  const streamName = `${decision.noun}/${decision.subject}`;
  return appendDecided(ledger, ledgerName, streamName, (stream) => {
    const domainEvents = decision.decide(stream);
    if (domainEvents.length === 0) return undefined;
    return appendOf(decision, ledgerName, streamName, stream.length, domainEvents);
  });
}

/** The loop of it: `decide` makes the append from the stream as it is now, or nothing. @throws StasisError as above */
export async function appendDecided(
  ledger: Ledger,
  ledgerName: string,
  streamName: string,
  decide: (stream: readonly RecordedEvent[]) => Append | undefined,
): Promise<Recorded> {
  for (let attempt = 1; attempt <= maxAttempts; attempt += 1) {
    const stream = await ledger.readStream(ledgerName, streamName);
    const append = decide(stream);
    if (append === undefined) return { stream, added: [] };
    const [outcome] = await ledger.append([append]);
    if (outcome?.outcome === 'appended') return { stream: [...stream, ...outcome.recorded], added: outcome.recorded };
    // Recorded by an earlier try of the same decision whose answer was lost.
    if (outcome?.outcome === 'duplicate') return { stream: await ledger.readStream(ledgerName, streamName), added: [] };
    await sleep(Math.random() * 5 * attempt);
  }
  throw new StasisError('VersionConflict', `${streamName} kept changing while it was being decided on`, {
    next: 'Try again.',
  });
}

function appendOf(
  decision: Decision,
  ledger: string,
  stream: string,
  expectedVersion: number,
  domainEvents: readonly DomainEvent[],
): Append {
  const time = new Date().toISOString();
  const events = domainEvents.map(({ key, data }, index) => {
    const event: { [Name in keyof StasisEvent]: unknown } = {
      specversion: '1.0',
      id: idAt(decision, index),
      type: typeOf(key),
      source: '/stasis/api',
      subject: decision.subject,
      time,
      datacontenttype: 'application/json',
      ledger,
      recordedtime: time,
      authtype: decision.actor.authtype,
      authid: decision.actor.authid,
      ...(decision.actor.policyid !== undefined && { policyid: decision.actor.policyid }),
      correlationid: decision.subject.slice(0, 64),
      ...(decision.causationId !== undefined && { causationid: decision.causationId }),
      data,
    };
    return event as StasisEvent;
  });
  const { reason } = decision;
  const texts = reason && [{ eventId: events[0]!.id, text: reason.text, salt: reason.salt }];
  return { ledger, stream, expectedVersion, events, ...(texts && { texts }) };
}

const idAt = ({ firstId }: Decision, index: number): string => (index === 0 ? firstId : undefined) ?? newId('evt');
