import { readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isStasisError } from '@stasis/errors';
import { isSameProcess, processFacts, type RuntimeContainer } from '@stasis/runtime';
import { warn } from '@stasis/runtime/command-line';
import type { RunscRuntime } from '@stasis/runtime/runsc';

/** In an attempt's directory, whose it is; the dot keeps it out of the image. */
const noteName = '.attempt.json';

interface AttemptNote {
  readonly pid: number;
  readonly startTicks: string;
  readonly id: string;
  readonly run: string;
  /** Before the attempt: one that was running has been paused by it. */
  readonly status: RuntimeContainer['status'];
}

/** Leaves word for the next command, in case this one is killed. */
export function noteAttempt(attemptDir: string, { id, run, status }: RuntimeContainer): void {
  const startTicks = processFacts(process.pid)?.startTicks ?? '0';
  const note: AttemptNote = { pid: process.pid, startTicks, id, run, status };
  writeFileSync(join(attemptDir, noteName), JSON.stringify(note), { flag: 'wx', mode: 0o600 });
}

/**
 * Ends what commands that were killed have begun in this image directory: the container is resumed if they had paused
 * it, and the attempt is removed. One whose container has stopped since is kept and named: it may be all there is.
 */
export async function clearStaleAttempts(runtime: RunscRuntime, imagePath: string): Promise<void> {
  const names = readdirSync(imagePath).filter((name) => name.startsWith('.attempt-'));
  for (const attemptDir of names.map((name) => join(imagePath, name))) {
    const note = readNote(attemptDir);
    if (note === undefined || isSameProcess(note.pid, note.startTicks)) continue;
    const container = await find(runtime, note.id);
    if (container?.run !== note.run || container.sandboxPid === undefined) {
      warn(`${attemptDir} holds what a killed command captured of "${note.id}", which has stopped; it is kept`);
      continue;
    }
    const { containerStatus } = await runtime.settleCapture({ id: note.id, attemptDir, timeoutMs: 60_000 });
    if (containerStatus === 'paused' && note.status === 'running') await runtime.resume(note.id);
    removeAttempt(attemptDir);
    warn(`a command that was killed had left "${note.id}" ${containerStatus}; its attempt is removed`);
  }
}

/**
 * Cuts the files before it removes them: a sandbox whose capture failed may keep them open, and their space would stay
 * taken for as long as the container lives. Idempotent.
 */
export function removeAttempt(attemptDir: string): void {
  try {
    for (const name of readdirSync(attemptDir)) truncateSync(join(attemptDir, name));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  rmSync(attemptDir, { recursive: true });
}

/** `undefined` for a directory that was made this instant, or by someone else. */
function readNote(attemptDir: string): AttemptNote | undefined {
  try {
    return JSON.parse(readFileSync(join(attemptDir, noteName), 'utf8')) as AttemptNote;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT' || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

async function find(runtime: RunscRuntime, id: string): Promise<RuntimeContainer | undefined> {
  try {
    return await runtime.load(id);
  } catch (error) {
    if (isStasisError(error) && error.code === 'ContainerNotFound') return undefined;
    throw error;
  }
}
