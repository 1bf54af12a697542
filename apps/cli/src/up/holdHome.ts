import path from 'node:path';
import { StasisError } from '@stasis/errors';
import { holdMark } from './holdMark.ts';
import { endProcess, liveMarkIn, type ProcessMark } from './processMark.ts';

const markFile = (home: string): string => path.join(home, 'run/up.json');

/** The process that runs Stasis in this home, when one does. */
export const supervisorOf = (home: string): ProcessMark | undefined => liveMarkIn(markFile(home));

/**
 * Takes the home for this process; the result gives it back. A holder that died left nothing that counts.
 *
 * @throws {StasisError} ConfigInvalid when another process runs Stasis there.
 */
export const holdHome = (home: string): (() => void) => {
  const held = holdMark(markFile(home));
  if ('release' in held) return held.release;
  throw new StasisError('ConfigInvalid', `Stasis already runs in ${home} (pid ${held.holder.pid}).`, {
    next: 'Use it, stop it with `stasis down`, or set STASIS_HOME to another directory.',
  });
};

/**
 * Ends the Stasis that runs in this home and waits until it is gone; containers go on. Idempotent.
 *
 * @returns false when none ran.
 */
export const down = async (home: string): Promise<boolean> => {
  const holder = supervisorOf(home);
  if (holder === undefined) return false;
  await endProcess(holder, 'SIGTERM', 60_000);
  return true;
};
