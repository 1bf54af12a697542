import { systemLedger } from '@stasis/events';
import { StasisError } from '@stasis/errors';
import type { Ledger } from '@stasis/ledger';
import type { SigningKey } from '@stasis/proof';
import { loadKeys } from './keyFile.ts';
import { keyInUse, readPublishedKeys } from './publishedKeys.ts';

/** Knows which key signs requests now. */
export interface RequestSigner {
  /** @throws StasisError ConfigInvalid when the key file has none of the keys that the ledger knows */
  key(): Promise<SigningKey>;
  close(): void;
}

/** How far the relay has got with a ledger. */
interface Cursor {
  read(ledger: string): Promise<number>;
}

/** Asks ledger and cursor again after the system ledger grew, and while a new key waits to be told to every node. */
export function createRequestSigner(ledger: Ledger, cursor: Cursor, file: string): RequestSigner {
  let known: SigningKey | undefined;
  let grown = 0;
  const unsubscribe = ledger.onGrowth((name) => {
    if (name !== systemLedger) return;
    grown += 1;
    known = undefined;
  });
  const look = async (): Promise<SigningKey> => {
    const before = grown;
    const [published, relayed, held] = await Promise.all([
      readPublishedKeys(ledger),
      cursor.read(systemLedger),
      loadKeys(file),
    ]);
    const mine = published.filter(({ keyId }) => held.some((key) => key.keyId === keyId));
    const inUse = keyInUse(mine, relayed);
    const key = held.find(({ keyId }) => keyId === inUse?.keyId);
    if (key === undefined) throw strange(file);
    if (inUse === mine.at(-1) && before === grown) known = key;
    return key;
  };
  return { key: async () => known ?? look(), close: unsubscribe };
}

export const strange = (file: string): StasisError =>
  new StasisError('ConfigInvalid', `${file} holds none of the signing keys that this fleet's nodes believe`, {
    next: 'Put the right file back, or name it by STASIS_SIGNING_KEY.',
  });
