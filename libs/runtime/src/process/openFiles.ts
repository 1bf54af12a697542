import { readdirSync, readlinkSync, realpathSync } from 'node:fs';
import { isGone } from './procfs.ts';

/** Pids of the other processes that hold a file or directory beneath `directory` open (proc(5), /proc/<pid>/fd). */
export function holdersOf(directory: string): number[] {
  const prefix = `${realpathSync(directory)}/`;
  return readdirSync('/proc')
    .filter((name) => /^\d+$/u.test(name) && Number(name) !== process.pid)
    .map(Number)
    .filter((pid) => holds(pid, prefix));
}

function holds(pid: number, prefix: string): boolean {
  try {
    return readdirSync(`/proc/${pid}/fd`).some((fd) => linkTarget(`/proc/${pid}/fd/${fd}`).startsWith(prefix));
  } catch (error) {
    if (isGone(error)) return false;
    throw error;
  }
}

function linkTarget(link: string): string {
  try {
    return readlinkSync(link);
  } catch (error) {
    if (isGone(error)) return '';
    throw error;
  }
}
