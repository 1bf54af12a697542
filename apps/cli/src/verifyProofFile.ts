import { StasisError } from '@stasis/errors';
import { checkProof, type ProofVerdict, readProof } from '@stasis/proof';
import { readGiven, readLedgerKey, readWitnessKey } from './keys.ts';
import type { Printer } from './printer.ts';
import { table } from './table.ts';

export interface ProofFileFlags {
  readonly key: string;
  readonly witness: readonly string[];
}

/**
 * Checks a proof file with the keys given, and asks nobody else: no server, no home.
 * @throws StasisError ProofInvalid naming the first check that failed; Usage when a file cannot be read.
 */
export const verifyProofFile = async (printer: Printer, file: string, flags: ProofFileFlags): Promise<void> => {
  const verdict = await checkProofFile(file, flags);
  printer.one({ file, ...verdict }, () => textOf(verdict));
  const failed = verdict.checks.find(({ holds }) => !holds);
  if (failed !== undefined)
    throw new StasisError('ProofInvalid', `${failed.check}: ${failed.says}`, {
      next: 'Ask for the file anew, and for the key by another way; if it still fails, keep both.',
    });
};

/**
 * Every check of a proof file, with the keys given and nothing else.
 * @throws StasisError Usage when a file cannot be read; ProofInvalid when it is no proof at all.
 */
export const checkProofFile = async (file: string, flags: ProofFileFlags): Promise<ProofVerdict> => {
  const key = await readLedgerKey(flags.key);
  const witnesses = await Promise.all(flags.witness.map(readWitnessKey));
  return checkProof(readProof(await readGiven(file, 'proof')), { key, witnesses });
};

const textOf = ({ checks, holds, event, position, treeSize }: ProofVerdict): string => {
  const { id, type } = Object(event) as { id?: string; type?: string };
  const rows = table(
    [
      { head: 'CHECK', cell: ({ check }) => check },
      { head: 'HOLDS', cell: (one) => (one.holds ? 'yes' : 'NO') },
      { head: 'FOUND', cell: ({ says }) => says, shrinks: true },
    ],
    checks,
  );
  return holds ? `${rows}\n${id} (${type}) is event ${position} of ${treeSize}\n` : rows;
};
