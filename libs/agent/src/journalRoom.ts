import { statfsSync } from 'node:fs';
import { isStasisError, StasisError } from '@stasis/errors';
import type { AgentConfig } from './agentConfig.ts';

type Place = Pick<AgentConfig, 'nodeDir' | 'journalReserveBytes'>;

/**
 * What keeps this agent from taking on new work: its journal must be able to write how the work under way ends, so the
 * last of the disk is kept for that. Undefined while there is room.
 */
export function journalTrouble({ nodeDir, journalReserveBytes }: Place): string | undefined {
  const { bavail, bsize } = statfsSync(nodeDir);
  const free = bavail * bsize;
  if (free >= journalReserveBytes) return undefined;
  return `the disk of the journal (${nodeDir}) has ${free} bytes free, and ${journalReserveBytes} are kept for work under way`;
}

/** Before work is begun. @throws StasisError NoSpace */
export function requireJournalRoom(place: Place): void {
  const trouble = journalTrouble(place);
  if (trouble !== undefined)
    throw new StasisError('NoSpace', trouble, { next: 'Free space there; nothing else needs to be done.' });
}

/** SQLITE_FULL (sqlite.org/rescode.html), with the extended codes of a write that the file system refused. */
const fullCodes = new Set([13, 778]);

/** What the journal says of an error of SQLite: a full disk passes, and is told apart from what does not. */
export function asJournalError(error: unknown, file: string): unknown {
  const code = error instanceof Error && 'errcode' in error ? error.errcode : undefined;
  if (typeof code !== 'number' || !fullCodes.has(code)) return error;
  return new StasisError('NoSpace', `${file} cannot be written: the disk is full`, { cause: error });
}

/** Whether a full disk is why, the journal's or that of a file beside it. */
export const isNoSpace = (error: unknown): boolean =>
  isStasisError(error)
    ? error.code === 'NoSpace'
    : error instanceof Error && 'code' in error && error.code === 'ENOSPC';
