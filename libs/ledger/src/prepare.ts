import { messageOf, StasisError } from '@stasis/errors';
import { canonicalText, domainEventOf, type StasisEvent, streamOf } from '@stasis/events';
import type { Append } from './port.ts';

/** An append whose leaves are made and whose envelopes were checked: what a planner and a store work on. */
export interface PreparedAppend extends Append {
  /** RFC 8785 text of each event, in order. `events` are read back from it, so that what is folded is what is kept. */
  readonly leaves: readonly string[];
}

/**
 * Checks what no store could take and makes the leaves, before any lock is held.
 * @throws StasisError EventMalformed naming the event.
 */
export function prepareAppend(append: Append): PreparedAppend {
  for (const { eventId, text } of append.texts ?? [])
    if (text.includes('\0') || !text.isWellFormed())
      throw malformed(eventId, 'its text holds a NUL or a lone surrogate');
  const leaves = append.events.map((event) => leafTextOf(append, event));
  return { ...append, leaves, events: leaves.map((leaf) => JSON.parse(leaf) as StasisEvent) };
}

function leafTextOf({ ledger, stream }: Append, event: StasisEvent): string {
  if (event.ledger !== ledger) throw malformed(event.id, `it belongs to ledger "${event.ledger}", not to "${ledger}"`);
  if (event.recordedtime === undefined) throw malformed(event.id, 'it has no recordedtime');
  const home = streamOf(domainEventOf(event).key, event.subject);
  if (home !== stream) throw malformed(event.id, `its stream is "${home}", not "${stream}"`);
  const leaf = leafFormOf(event);
  // An escaped NUL: a \u0000 whose backslash is not itself escaped.
  if (/(?<!\\)(?:\\\\)*\\u0000/.test(leaf)) throw malformed(event.id, 'it holds a NUL');
  return leaf;
}

function leafFormOf(event: StasisEvent): string {
  try {
    return canonicalText(event);
  } catch (error) {
    throw malformed(event.id, `it has no RFC 8785 form: ${messageOf(error)}`);
  }
}

const malformed = (eventId: string, why: string): StasisError =>
  new StasisError('EventMalformed', `event ${eventId} cannot be recorded: ${why}`);
