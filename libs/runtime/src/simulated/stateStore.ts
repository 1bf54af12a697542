import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { StasisError, messageOf } from '@stasis/errors';
import type { OciSpec } from '@stasis/spec';
import { processFacts } from '../process/procfs.ts';

/**
 * One JSON file per simulated container, `<root>/<id>.simulated.json`, so that several processes (two agents, a test)
 * see the same containers, as they do with runsc.
 */
export interface SimulatedState {
  readonly id: string;
  readonly createdAt: string;
  readonly run: string;
  readonly bundle: string;
  readonly spec: OciSpec;
  readonly status: 'running' | 'paused' | 'stopped';
  /** The counter when it last began or stopped to count. */
  readonly count: number;
  /** Milliseconds since 1970 at which it began to count on from `count`; unused unless running. */
  readonly since: number;
  /** Drawn once at the start; a restored container keeps it. */
  readonly secret: string;
  readonly logFile: string;
  /** Counter value of the last line in the log. */
  readonly logged: number;
  readonly exitStatus?: number;
}

const suffix = '.simulated.json';

export const stateFile = (root: string, id: string): string => join(root, `${id}${suffix}`);

export function readState(root: string, id: string): SimulatedState | undefined {
  try {
    return JSON.parse(readFileSync(stateFile(root, id), 'utf8')) as SimulatedState;
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw new StasisError('RuntimeFailed', `simulated: cannot read ${stateFile(root, id)}: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

export function listIds(root: string): string[] {
  try {
    return readdirSync(root)
      .filter((name) => name.endsWith(suffix))
      .map((name) => name.slice(0, -suffix.length));
  } catch (error) {
    if (isAbsent(error)) return [];
    throw error;
  }
}

/** Replaces the file at once, so that a reader never sees half of it. */
export function writeState(root: string, state: SimulatedState): void {
  const file = stateFile(root, state.id);
  writeFileSync(`${file}.new`, JSON.stringify(state));
  renameSync(`${file}.new`, file);
}

export const removeState = (root: string, id: string): void => rmSync(stateFile(root, id), { force: true });

/** Runs `change` while no other process changes that container. A lock left by a dead process is taken over. */
export function locked<T>(root: string, id: string, change: () => T): T {
  const lock = `${stateFile(root, id)}.lock`;
  mkdirSync(root, { recursive: true });
  while (!takeLock(lock)) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
  try {
    return change();
  } finally {
    rmSync(lock, { force: true });
  }
}

function takeLock(lock: string): boolean {
  try {
    writeFileSync(lock, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  try {
    const holder = Number(readFileSync(lock, 'utf8'));
    if (holder > 0 && processFacts(holder) === undefined) rmSync(lock, { force: true });
  } catch (error) {
    if (!isAbsent(error)) throw error;
  }
  return false;
}

const isAbsent = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'ENOENT';
