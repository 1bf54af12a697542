import { readFile } from 'node:fs/promises';
import { messageOf, StasisError } from '@stasis/errors';
import { type NoteVerifier, parseVerifierKey, parseWitnessKey, type Witness } from '@stasis/proof';

/** @param given a C2SP verifier key, or a file that holds one. @throws StasisError Usage, BadRequest */
export const readLedgerKey = async (given: string): Promise<NoteVerifier> => parseVerifierKey(await keyText(given));

/** @param given a witness's C2SP verifier key, or a file that holds one. @throws StasisError Usage, BadRequest */
export const readWitnessKey = async (given: string): Promise<Witness> => parseWitnessKey(await keyText(given));

const keyText = (given: string): Promise<string> | string =>
  /^[^+\s]+\+[0-9a-f]{8}\+\S+$/.test(given.trim()) ? given : readGiven(given, 'key');

/** A file that the command line names. @throws StasisError Usage when it cannot be read. */
export const readGiven = async (file: string, what: string): Promise<string> => {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new StasisError('Usage', `the ${what} ${file} cannot be read: ${messageOf(error)}`);
  }
};
