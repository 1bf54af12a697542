import { domainEventOf, type RecordedEvent } from '@stasis/events';

/** A key of a node, and when it was the node's: from the event that named it until the instant that a later one set. */
export interface NodeKey {
  readonly keyId: string;
  /** Base64. */
  readonly publicKey: string;
  /** Position in the system ledger, and `recordedtime`, of `node.enrolled` or `node.rekeyed`. */
  readonly position: number;
  readonly from: string;
  /** Facts recorded after this instant are not this key's. Absent = the key of today. */
  readonly until?: string;
}

/** Keys of a node by its own events, oldest first. A new enrolment ends the key before it at once, a re-key later. */
export function evolveNodeKeys(keys: readonly NodeKey[], { event, position }: RecordedEvent): readonly NodeKey[] {
  const { key, data } = domainEventOf(event);
  if (key !== 'node.enrolled' && key !== 'node.rekeyed') return keys;
  const from = event.recordedtime ?? event.time;
  const until = key === 'node.rekeyed' ? data.oldKeyUntil : from;
  const before = keys.map((one) => (one.until !== undefined && one.until <= until ? one : { ...one, until }));
  return [...before, { keyId: data.keyId, publicKey: data.publicKey, position, from }];
}

/** The key that the node has now. */
export const currentKeyOf = (keys: readonly NodeKey[]): NodeKey | undefined =>
  keys.findLast(({ until }) => until === undefined);

/** Clocks of two apis may differ by this much. */
const clockToleranceMs = 5 * 60_000;

/**
 * The node's key of this id that was good at an instant (ISO 8601), or why there is none. A key that exists is good even if
 * the clock that dated it was ahead.
 * @param lateMs how long after its end it still counts
 */
export function nodeKeyAt(
  keys: readonly NodeKey[],
  keyId: string,
  at: string,
  lateMs = 0,
): NodeKey | 'UnknownKey' | 'KeyEnded' {
  const now = Date.parse(at);
  const named = keys.filter((key) => key.keyId === keyId);
  const good = named.find(
    ({ from, until }) =>
      Date.parse(from) - clockToleranceMs <= now && (until === undefined || now <= Date.parse(until) + lateMs),
  );
  return good ?? (named.length === 0 ? 'UnknownKey' : 'KeyEnded');
}

/** As `nodeKeyAt`, for an event that was recorded then: whoever recorded it had a clock of its own. */
export const nodeKeyWhenRecorded = (
  keys: readonly NodeKey[],
  keyId: string,
  recordedTime: string,
): ReturnType<typeof nodeKeyAt> => nodeKeyAt(keys, keyId, recordedTime, clockToleranceMs);
