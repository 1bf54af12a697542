import { mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { StasisError } from '@stasis/errors';
import { newPrivateKey, originOf, verifierKey } from '@stasis/proof';
import { writeNew } from '../http/adminToken.ts';

/** The Ed25519 key that tree heads are signed with. */
export interface LedgerKey {
  readonly privateKey: Uint8Array;
  /** C2SP text by which outsiders verify the tree heads of a ledger. */
  verifierKeyOf(ledger: string): string;
}

/**
 * Reads the key in `<home>/ledger.key` (base64 of the 32 byte seed, 0600); the first use makes it.
 * @throws StasisError ConfigInvalid when the file holds something else.
 */
export async function loadLedgerKey(home: string): Promise<LedgerKey> {
  const file = path.join(home, 'ledger.key');
  await mkdir(home, { recursive: true, mode: 0o700 });
  await writeNew(file, `${Buffer.from(newPrivateKey()).toString('base64')}\n`);
  const privateKey = new Uint8Array(Buffer.from((await readFile(file, 'utf8')).trim(), 'base64'));
  if (privateKey.length !== 32)
    throw new StasisError('ConfigInvalid', `${file} is not a ledger key (base64 of 32 bytes)`, {
      next: 'Put the right file back; a new key cannot continue the signed history.',
    });
  return { privateKey, verifierKeyOf: (ledger) => verifierKey({ name: originOf(ledger), privateKey }) };
}
