import { existsSync, readFileSync } from 'node:fs';
import { messageOf, StasisError } from '@stasis/errors';
import { fromBase64, newPrivateKey, type NoteSigner, toBase64, witnessKey } from '@stasis/proof';
import { writeDurably } from './durably.ts';

/** One line, in the form of Go's note keys: `PRIVATE+KEY+<name>+<key hash>+<base64(0x04 ‖ Ed25519 seed)>`. */
const form = /^PRIVATE\+KEY\+([^+\s]+)\+([0-9a-f]{8})\+(\S+)$/;
const algorithm = 0x04;

/**
 * The key of a witness. A file that is not there is made, 0600, under the name given.
 * @throws StasisError ConfigInvalid when the file is no such key; Usage when a name is missing to make one.
 */
export const loadWitnessKey = (file: string, name: string | undefined): NoteSigner => {
  if (!existsSync(file)) return makeWitnessKey(file, name);
  const [, kept, hash, base64] = form.exec(readKey(file).trim()) ?? [];
  const bytes = base64 === undefined ? undefined : fromBase64(base64);
  if (kept === undefined || bytes?.length !== 33 || bytes[0] !== algorithm)
    throw new StasisError('ConfigInvalid', `${file} is not the private key of a witness`);
  const signer = { name: kept, privateKey: bytes.slice(1) };
  if (witnessKey(signer).split('+')[1] !== hash) throw new StasisError('ConfigInvalid', `${file} has a wrong key hash`);
  if (name !== undefined && name !== kept)
    throw new StasisError('ConfigInvalid', `the key in ${file} is of "${kept}", not of "${name}"`);
  return signer;
};

const makeWitnessKey = (file: string, name: string | undefined): NoteSigner => {
  if (name === undefined)
    throw new StasisError('Usage', `there is no key in ${file}, and --name is missing to make one`, {
      next: 'Give --name, for instance witness.example.org/w1.',
    });
  const signer = { name, privateKey: newPrivateKey() };
  const hash = witnessKey(signer).split('+')[1];
  const data = toBase64(Uint8Array.of(algorithm, ...signer.privateKey));
  writeDurably(file, `PRIVATE+KEY+${name}+${hash}+${data}\n`);
  return signer;
};

const readKey = (file: string): string => {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new StasisError('ConfigInvalid', `${file} cannot be read: ${messageOf(error)}`);
  }
};
