import { randomUUID } from 'node:crypto';
import { link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { newPrivateKey, readKeyRing, type SigningKey, signingKeyOf, writeKeyRing } from '@stasis/proof';

/**
 * The keys in a file (0600), oldest first; the first use makes it with one. Several apis may share it: whoever comes
 * second finds what the first wrote, whole.
 * @throws StasisError ConfigInvalid when the file holds something else
 */
export async function loadKeys(file: string): Promise<SigningKey[]> {
  await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
  const found = await readKeys(file);
  if (found !== undefined) return found;
  const aside = await writeAside(file, writeKeyRing([newPrivateKey()]));
  await link(aside, file).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
  await rm(aside);
  return (await readKeys(file)) ?? [];
}

/** The same keys and a new one behind them. @returns the new one */
export async function addKey(file: string): Promise<SigningKey> {
  const made = await signingKeyOf(newPrivateKey());
  const keys = [...(await loadKeys(file)), made];
  await rename(await writeAside(file, writeKeyRing(keys.map(({ seed }) => seed))), file);
  return made;
}

async function readKeys(file: string): Promise<SigningKey[] | undefined> {
  try {
    return await Promise.all(readKeyRing(await readFile(file, 'utf8'), file).map(signingKeyOf));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

async function writeAside(file: string, content: string): Promise<string> {
  const aside = `${file}.${randomUUID()}`;
  await writeFile(aside, content, { flag: 'wx', mode: 0o600, flush: true });
  return aside;
}
