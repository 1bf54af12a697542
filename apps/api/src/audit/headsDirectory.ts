import { randomBytes } from 'node:crypto';
import { link, mkdir, open, readdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { StasisError } from '@stasis/errors';

/**
 * Signed tree heads as files `<root>/<ledger>/<size>.note`, outside the database, so that who rewrites the database
 * contradicts them. A file is never replaced.
 */
export interface HeadsDirectory {
  readonly root: string;
  /**
   * Keeps a note, on disk when it resolves. Idempotent.
   * @throws StasisError LedgerForked when another note of that size is there.
   */
  keep(ledger: string, size: number, note: string): Promise<void>;
  /** Sizes of the notes of a ledger, ascending. */
  sizes(ledger: string): Promise<number[]>;
  /** Absent = there is none of that size. */
  read(ledger: string, size: number): Promise<string | undefined>;
}

export function openHeadsDirectory(root: string): HeadsDirectory {
  const folderOf = (ledger: string): string => path.join(root, ledger);
  const fileOf = (ledger: string, size: number): string => path.join(folderOf(ledger), `${size}.note`);
  const made = new Set<string>();
  const read = (ledger: string, size: number): Promise<string | undefined> =>
    absent(readFile(fileOf(ledger, size), 'utf8'));
  return {
    root,
    keep: async (ledger, size, note) => {
      const folder = folderOf(ledger);
      if (!made.has(ledger)) {
        await mkdir(folder, { recursive: true, mode: 0o700 });
        await sync(root);
        made.add(ledger);
      }
      if (await linkNew(folder, fileOf(ledger, size), note)) return;
      const there = await read(ledger, size);
      if (there !== note) throw forked(ledger, size, fileOf(ledger, size));
    },
    sizes: async (ledger) => {
      const names = (await absent(readdir(folderOf(ledger)))) ?? [];
      return names
        .flatMap((name) => /^(0|[1-9][0-9]{0,15})\.note$/.exec(name)?.[1] ?? [])
        .map(Number)
        .toSorted((a, b) => a - b);
    },
    read,
  };
}

const forked = (ledger: string, size: number, file: string): StasisError =>
  new StasisError('LedgerForked', `ledger "${ledger}" has another tree head of size ${size} than ${file}`, {
    next: 'Keep both and the database as they are; `stasis audit verify` names the first position that differs.',
  });

/** Makes a whole new file or none: a crash in between leaves no half note. @returns false when the name is taken. */
async function linkNew(folder: string, file: string, text: string): Promise<boolean> {
  const fresh = path.join(folder, `.${randomBytes(8).toString('hex')}.tmp`);
  try {
    const handle = await open(fresh, 'wx', 0o600);
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await link(fresh, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(fresh, { force: true });
  }
  await sync(folder);
  return true;
}

async function sync(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

const absent = async <T>(reading: Promise<T>): Promise<T | undefined> => {
  try {
    return await reading;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
};
