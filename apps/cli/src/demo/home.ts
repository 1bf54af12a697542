import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { mountsUnder, unmount } from '../up/leftMounts.ts';

/** A new home of its own. Postgres runs as nobody when we are root, so others may go through it, not look around. */
export const makeHome = (use: string): string => {
  const home = mkdtempSync(path.join(tmpdir(), `stasis-${use}-`));
  chmodSync(home, 0o711);
  return home;
};

const read = (file: string): string => {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    // The process ended meanwhile, or is another user's: then it is none of ours.
    return '';
  }
};

/** Pids of the processes that were started for a home: it is in their arguments or their environment. */
export const processesOf = (home: string): number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .map(Number)
    .filter((pid) => [`/proc/${pid}/cmdline`, `/proc/${pid}/environ`].some((file) => read(file).includes(home)));

/**
 * Ends whatever still runs for the home, sandboxes included, and removes it. For the end of a demo, however it came:
 * services have been told to stop before, so what is left here is what could not be reached.
 */
export const removeHome = async (home: string): Promise<void> => {
  if (process.platform === 'linux')
    for (let round = 0; round < 20; round += 1) {
      const left = processesOf(home);
      if (left.length === 0) break;
      for (const pid of left) endNow(pid);
      await sleep(50);
    }
  for (const mount of mountsUnder(home)) await unmount(mount);
  rmSync(home, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
};

const endNow = (pid: number): void => {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
};
