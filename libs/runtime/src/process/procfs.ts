import { readFileSync } from 'node:fs';

/** What /proc says about one process (proc(5)); `undefined` once it is gone. */
export interface ProcessFacts {
  /** R, S, D, Z, … */
  readonly state: string;
  /** Field 22 of /proc/<pid>/stat, in clock ticks since boot: with the pid it names a process uniquely. */
  readonly startTicks: string;
}

/** Reads /proc/<pid>/stat. The command in parentheses may itself hold parentheses and spaces: cut at the last one. */
export function processFacts(pid: number, procDir = '/proc'): ProcessFacts | undefined {
  try {
    const stat = readFileSync(`${procDir}/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { state: fields[0] ?? '?', startTicks: fields[19] ?? '0' };
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

/** The argument vector of a process; empty for a zombie, a kernel thread or a process that is gone. */
export function commandLine(pid: number, procDir = '/proc'): string[] {
  try {
    const text = readFileSync(`${procDir}/${pid}/cmdline`, 'utf8');
    return text === '' ? [] : text.replace(/\0$/u, '').split('\0');
  } catch (error) {
    if (isGone(error)) return [];
    throw error;
  }
}

/** A process that has ended, or that this user may not look at, reads as absent. */
export const isGone = (error: unknown): boolean =>
  ['ENOENT', 'ESRCH', 'EACCES', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '');

/** True while exactly that process (pid and start) runs. */
export function isSameProcess(pid: number, startTicks: string): boolean {
  const facts = processFacts(pid);
  return facts !== undefined && facts.state !== 'Z' && facts.startTicks === startTicks;
}
