import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Places } from './places.ts';
import { codeOf } from './storeFaults.ts';

export const graceMs = 24 * 3_600_000;

/** Removes what puts that died left, judged by age, since the other user of the store may be another machine. */
export async function sweepTemporary({ tmp }: Places): Promise<void> {
  for (const name of await readdir(tmp)) {
    const path = join(tmp, name);
    const found = await stat(path).catch((error: unknown) => {
      if (codeOf(error) === 'ENOENT') return undefined;
      throw error;
    });
    if (found && Date.now() - found.mtimeMs > graceMs) await rm(path, { recursive: true, force: true });
  }
}
