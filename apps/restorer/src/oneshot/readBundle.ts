import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf, StasisError } from '@stasis/errors';
import type { OciSpec } from '@stasis/spec';

/** config.json of the bundle. The runtime validates it as it always does. @throws StasisError BadRequest naming the file */
export function readBundle(bundle: string): OciSpec {
  const file = join(bundle, 'config.json');
  try {
    const spec: unknown = JSON.parse(readFileSync(file, 'utf8'));
    if (typeof spec !== 'object' || spec === null || !('ociVersion' in spec)) throw new Error('it is no OCI spec');
    return spec as OciSpec;
  } catch (error) {
    throw new StasisError('BadRequest', `reading spec: ${file}: ${messageOf(error)}`, {
      next: 'Give the directory that holds config.json with --bundle.',
      cause: error,
    });
  }
}
