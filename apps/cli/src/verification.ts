import type { Client, Verification } from '@stasis/api-contract';
import { StasisError } from '@stasis/errors';
import { openTreeHead, originOf, parseVerifierKey } from '@stasis/proof';
import type { Printer } from './printer.ts';

/** The newest tree head, opened here with the api's key. */
export interface CheckedTreeHead {
  readonly origin: string;
  readonly size: number;
}

/** @throws StasisError IntegrityMismatch when the key did not sign it or it is of another ledger. */
export const verifyTreeHead = async (client: Client, ledger: string): Promise<CheckedTreeHead> => {
  const query = { ledger };
  const [key, shown] = await Promise.all([client.treeHeadKey({ query }), client.latestTreeHead({ query })]);
  const { origin, size } = openTreeHead(shown.treeHead, [parseVerifierKey(key.trim())], originOf(ledger));
  return { origin, size };
};

/** Says what was found. @throws StasisError LedgerCorrupt naming the first position that does not fit. */
export const reportVerification = (printer: Printer, found: Verification, treeHead?: CheckedTreeHead): void => {
  const { ledger, size, verified, signatures, treeHeads, firstBad, durationMs } = found;
  const signed = treeHead === undefined ? '' : `, tree head of size ${treeHead.size} signed`;
  const byNodes = signatures === undefined ? '' : `, ${signatures.signed} facts signed by their nodes`;
  const said = verified ? 'verified' : 'NOT verified';
  printer.one(
    { ...found, ...(treeHead !== undefined && { treeHead }) },
    () =>
      `ledger ${ledger}: ${size} events ${said} in ${Math.round(durationMs)} ms${signed}${byNodes}\n` +
      `tree heads that fit: ${treeHeads.kept} kept, ${treeHeads.outside} outside the database\n`,
  );
  if (!verified)
    throw new StasisError('LedgerCorrupt', `position ${firstBad?.position ?? 0} does not fit: ${firstBad?.message}`, {
      next: 'Keep the database and the copies of its tree heads as they are; compare with proofs and witnesses.',
    });
};
