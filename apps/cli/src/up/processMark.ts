import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** A process for as long as the machine is up: a pid alone may be another's by now. */
export interface ProcessMark {
  readonly pid: number;
  /** Start time in clock ticks since boot (field 22 of /proc/PID/stat); empty where there is no /proc. */
  readonly started: string;
}

/** The start time of a live process; undefined when there is none with that pid. A zombie counts as none. */
export const startTimeOf = (pid: number): string | undefined => {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return undefined;
  }
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? undefined : fields[19];
  } catch {
    return process.platform === 'linux' ? undefined : '';
  }
};

export const isAlive = (mark: ProcessMark): boolean => startTimeOf(mark.pid) === mark.started;

export const markOf = (pid: number): ProcessMark | undefined => {
  const started = startTimeOf(pid);
  return started === undefined ? undefined : { pid, started };
};

export const writeMark = (file: string, mark: ProcessMark): void => {
  mkdirSync(path.dirname(file), { recursive: true });
  const fresh = `${file}.${process.pid}`;
  writeFileSync(fresh, JSON.stringify(mark));
  renameSync(fresh, file);
};

/** The process a mark file names, when it still lives; undefined also when the file is not there or not whole. */
export const liveMarkIn = (file: string): ProcessMark | undefined => {
  try {
    const mark = JSON.parse(readFileSync(file, 'utf8')) as ProcessMark;
    return isAlive(mark) ? mark : undefined;
  } catch {
    return undefined;
  }
};

/** Ends a process: `signal`, and SIGKILL after `patienceMs`. Resolves when it is gone; idempotent. */
export const endProcess = async (
  mark: ProcessMark,
  signal: NodeJS.Signals = 'SIGTERM',
  patienceMs = 15_000,
): Promise<void> => {
  const send = (which: NodeJS.Signals): void => {
    try {
      process.kill(mark.pid, which);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  };
  const deadline = Date.now() + patienceMs;
  if (isAlive(mark)) send(signal);
  for (let killed = false; isAlive(mark); await sleep(20)) {
    if (killed || Date.now() < deadline) continue;
    send('SIGKILL');
    killed = true;
  }
};

export const removeMark = (file: string): void => rmSync(file, { force: true });
