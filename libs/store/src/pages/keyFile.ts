import { randomBytes } from 'node:crypto';
import { link, mkdir, open, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { messageOf, StasisError } from '@stasis/errors';
import { syncDir, writeNew } from '@stasis/image';
import { codeOf } from './storeFaults.ts';
import type { KeyRing } from './keyRing.ts';
import { keyBytes } from './sealing.ts';

/**
 * The store keys of a file: one a line, 64 hex digits each; the first seals, all of them open. The file must be this
 * user's alone. Undefined when there is none. @throws StasisError ConfigInvalid
 */
export async function readKeyFile(path: string): Promise<KeyRing | undefined> {
  let text: string;
  try {
    const handle = await open(path, 'r');
    try {
      const { mode } = await handle.stat();
      if ((mode & 0o077) !== 0) throw invalid(path, 'can be read by others', 'Run chmod 600 on it.');
      text = await handle.readFile('utf8');
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    if (error instanceof StasisError) throw error;
    throw invalid(path, messageOf(error));
  }
  const lines = text.split('\n').filter((line) => line !== '');
  if (lines.length === 0 || lines.some((line) => !/^[0-9a-f]{64}$/.test(line)))
    throw invalid(path, 'does not hold keys of 64 hex digits, one a line');
  const [first, ...others] = lines.map((line) => Buffer.from(line, 'hex'));
  return [first!, ...others];
}

/** The keys of the file, which is made with a new key when it is not there. Several processes may do so at once. */
export async function makeKeyFile(path: string): Promise<KeyRing> {
  const found = await readKeyFile(path);
  if (found !== undefined) return found;
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const temp = join(dirname(path), `.store-key.${randomBytes(6).toString('hex')}.tmp`);
  try {
    await writeNew(temp, (write) => write(Buffer.from(`${randomBytes(keyBytes).toString('hex')}\n`)));
    await link(temp, path).catch((error: unknown) => {
      if (codeOf(error) !== 'EEXIST') throw error;
    });
    await syncDir(dirname(path));
  } finally {
    await rm(temp, { force: true });
  }
  const made = await readKeyFile(path);
  if (made === undefined) throw invalid(path, 'was taken away while it was being made');
  return made;
}

const invalid = (path: string, what: string, next?: string): StasisError =>
  new StasisError('ConfigInvalid', `STASIS_STORE_KEY: the key file ${path} ${what}`, {
    details: [{ field: 'STASIS_STORE_KEY', message: what }],
    ...(next === undefined ? {} : { next }),
  });
