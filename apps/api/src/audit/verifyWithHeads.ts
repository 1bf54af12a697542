import { type LedgerDatabase, readHeads, type Verification, verifyLedger } from '@stasis/ledger/postgres';
import { compareTreeHeads, type ComparedHeads } from './compareTreeHeads.ts';
import type { HeadsDirectory } from './headsDirectory.ts';

export interface WholeVerification extends Verification {
  readonly treeHeads: Pick<ComparedHeads, 'kept' | 'outside'>;
}

/**
 * Checks a ledger against itself and against what is outside its database: rows, leaves and roots (`verifyLedger`), the
 * signatures of the tree heads, and the copies of the heads in the directory. The lowest position that does not fit wins.
 */
export async function verifyWithHeads(
  database: LedgerDatabase,
  { ledger, verifierKey, directory }: { ledger: string; verifierKey: string; directory: HeadsDirectory },
): Promise<WholeVerification> {
  const size = (await readHeads(database)).get(ledger) ?? 0;
  const rows = await verifyLedger(database, ledger);
  const heads = await compareTreeHeads(database, { ledger, verifierKey, directory, size });
  const treeHeads = { kept: heads.kept, outside: heads.outside };
  const bad = [rows.firstBad, heads.firstBad].filter((one) => one !== undefined);
  const firstBad = bad.toSorted((a, b) => a.position - b.position)[0];
  if (firstBad === undefined) return { ...rows, treeHeads };
  const { position, why } = firstBad;
  const verified = Math.min(rows.verified, heads.firstBad?.after ?? rows.verified);
  return { ...rows, verified, firstBad: { position, why }, treeHeads };
}
