import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { randomUUID } from 'node:crypto';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { StasisError } from '@stasis/errors';

/**
 * The two agents of a node are two processes; this file keeps them from working on one container at once. It holds the
 * owner's pid and start time, so the lock of an agent that died counts as free.
 * @throws StasisError RuntimeTimeout when another agent keeps it for longer than `timeoutMs`
 */
export async function lockContainer(nodeDir: string, container: string, timeoutMs: number): Promise<() => void> {
  const file = lockFile(nodeDir, container);
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const mine = `${process.pid} ${startTicks(process.pid)} ${randomUUID()}`;
  const end = performance.now() + timeoutMs;
  for (;;) {
    if (tryLock(file, mine)) return () => release(file, mine);
    if (performance.now() > end)
      throw new StasisError('RuntimeTimeout', `${file} is held by process ${ownerOf(file)?.split(' ')[0] ?? '?'}`);
    await sleep(20);
  }
}

/** Whether an agent of the node works on the container right now. */
export function isLocked(nodeDir: string, container: string): boolean {
  const owner = ownerOf(lockFile(nodeDir, container));
  return owner !== undefined && isAlive(owner);
}

const lockFile = (nodeDir: string, container: string): string => join(nodeDir, 'locks', `${container}.lock`);

function tryLock(file: string, mine: string): boolean {
  // Written aside and linked, so that nobody sees a lock without its owner.
  const aside = `${file}.${randomUUID()}`;
  try {
    writeFileSync(aside, mine, { flag: 'wx', mode: 0o600 });
    const owner = ownerOf(file);
    if (owner !== undefined && !isAlive(owner)) release(file, owner);
    linkSync(aside, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(aside, { force: true });
  }
}

function ownerOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function isAlive(owner: string): boolean {
  const [pid = '', ticks] = owner.split(' ');
  return startTicks(Number(pid)) === ticks;
}

/** Removes the lock if it is still the one of `owner`. */
function release(file: string, owner: string): void {
  if (ownerOf(file) === owner) rmSync(file, { force: true });
}

/** Field 22 of /proc/<pid>/stat; '' when there is no such process. */
function startTicks(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return '';
    throw error;
  }
}
