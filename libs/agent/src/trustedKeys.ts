import { isEvent, type StasisEvent } from '@stasis/events';
import type { PublicKey } from '@stasis/proof';
import type { Journal } from './journal.ts';
import type { JournalWriter } from './journalWriter.ts';

/**
 * The keys of the api that a node believes: those that enrolment gave, and what requests signed by one of them published or
 * retired since.
 */
export class TrustedKeys {
  readonly #keys: Map<string, string>;
  /** Another enrolment begins anew with what it gave. */
  readonly #setting: string;

  constructor(journal: Pick<Journal, 'setting'>, enrolled: readonly PublicKey[]) {
    this.#setting = `api keys since ${enrolled.map(({ keyId }) => keyId).join(' ')}`;
    const kept = journal.setting(this.#setting);
    const keys = kept === undefined ? enrolled : (JSON.parse(kept) as PublicKey[]);
    this.#keys = new Map(keys.map(({ keyId, publicKey }) => [keyId, publicKey]));
  }

  get(keyId: string): PublicKey | undefined {
    const publicKey = this.#keys.get(keyId);
    return publicKey === undefined ? undefined : { keyId, publicKey };
  }

  /** Learns from a request that was believed; other events change nothing. @returns whether it said something new */
  learn(event: StasisEvent): boolean {
    if (isEvent(event, 'signingkey.retired')) return this.#keys.delete(event.data.keyId);
    if (!isEvent(event, 'signingkey.published') || this.#keys.has(event.data.keyId)) return false;
    this.#keys.set(event.data.keyId, event.data.publicKey);
    return true;
  }

  /** Keeps what is believed now. */
  write(tx: JournalWriter): void {
    tx.setting(this.#setting, JSON.stringify([...this.#keys].map(([keyId, publicKey]) => ({ keyId, publicKey }))));
  }
}
