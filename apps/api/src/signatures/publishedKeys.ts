import { domainEventOf, type EventData, type RecordedEvent, systemLedger } from '@stasis/events';
import type { Ledger } from '@stasis/ledger';
import type { PublicKey } from '@stasis/proof';

/** All signing keys of a fleet are one stream, so that their order is that of its versions. */
export const signingKeySubject = 'api';

/** A key that requests are or were signed with, as the ledger tells. */
export interface PublishedKey extends PublicKey {
  /** Position of `signingkey.published` in the system ledger. */
  readonly position: number;
  readonly signedBy?: string;
  readonly statement?: string;
  /** Position of `signingkey.retired`. */
  readonly retiredAt?: number;
}

/** Oldest first. */
export function publishedKeys(stream: readonly RecordedEvent[]): PublishedKey[] {
  let keys: PublishedKey[] = [];
  for (const { event, position } of stream) {
    const { key, data } = domainEventOf(event);
    if (key === 'signingkey.published') keys.push({ ...(data as Published), position });
    if (key === 'signingkey.retired')
      keys = keys.map((one) => (one.keyId === data.keyId ? { ...one, retiredAt: position } : one));
  }
  return keys;
}

export const readPublishedKeys = async (ledger: Ledger): Promise<PublishedKey[]> =>
  publishedKeys(await ledger.readStream(systemLedger, `signingkey/${signingKeySubject}`));

type Published = EventData<'signingkey.published'> & Omit<PublishedKey, 'position'>;

/**
 * The key that a request is signed with: the newest one that every node has been told of, which is so once the relay has
 * passed the event that published it. The first key is known to nodes from their enrolment.
 */
export function keyInUse(keys: readonly PublishedKey[], relayed: number): PublishedKey | undefined {
  const good = keys.filter(({ retiredAt }) => retiredAt === undefined);
  return good.findLast(({ position }) => position <= relayed) ?? good[0];
}
