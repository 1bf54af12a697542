import { StasisError } from '@stasis/errors';
import { fromBase64, toBase64 } from './bytes.ts';

/**
 * Private keys as a file keeps them: base64 of a 32 byte Ed25519 seed a line, newest last.
 * @throws StasisError ConfigInvalid naming `file` when it holds something else
 */
export function readKeyRing(text: string, file: string): Uint8Array[] {
  const seeds = text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => fromBase64(line.trim()));
  if (seeds.length === 0 || seeds.some((seed) => seed?.length !== 32))
    throw new StasisError('ConfigInvalid', `${file} is not a key file (base64 of 32 bytes a line)`, {
      next: 'Put the right file back.',
    });
  return seeds as Uint8Array[];
}

export const writeKeyRing = (seeds: readonly Uint8Array[]): string =>
  seeds.map((seed) => `${toBase64(seed)}\n`).join('');
