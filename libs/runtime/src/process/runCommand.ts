import { spawn, type StdioOptions } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { StasisError } from '@stasis/errors';

export interface CommandResult {
  /** Exit status; a process ended by a signal has none. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandOptions {
  readonly timeoutMs: number;
  /** Default: no input, both outputs read. A detached child of `runsc` must be given files, never our pipes. */
  readonly stdio?: StdioOptions;
  /** A session of its own, so that signals to our terminal do not reach it. */
  readonly detached?: boolean;
}

/**
 * Runs a program to its end without a shell.
 * @throws StasisError RuntimeFailed when it cannot be started, RuntimeTimeout when it had to be killed for lateness.
 */
export function runCommand(file: string, argv: readonly string[], options: CommandOptions): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, argv, { stdio: options.stdio ?? ['ignore', 'pipe', 'pipe'], detached: options.detached });
    let stdout = '';
    let stderr = '';
    let late = false;
    child.stdout?.setEncoding('utf8').on('data', (chunk: string) => (stdout += chunk));
    child.stderr?.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk));
    const timer = setTimeout(() => {
      late = true;
      for (const pid of [...waitedFor(file, child.pid), child.pid ?? 0]) killIfThere(pid);
      // What it started may live on and hold its outputs: they are waited for no longer.
      child.stdout?.destroy();
      child.stderr?.destroy();
    }, options.timeoutMs);
    child.once('error', (error) => {
      clearTimeout(timer);
      reject(new StasisError('RuntimeFailed', `cannot run ${file}: ${error.message}`, { cause: error }));
    });
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      if (late) {
        const what = [file, ...argv].join(' ');
        reject(new StasisError('RuntimeTimeout', `${what} did not end within ${options.timeoutMs} ms`));
      } else resolve({ code, signal, stdout, stderr });
    });
  });
}

/** `nsenter` only waits for the program that it started within the namespaces: that one is late. */
function waitedFor(file: string, pid: number | undefined): number[] {
  if (pid === undefined || basename(file) !== 'nsenter') return [];
  try {
    return (readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').match(/\d+/gu) ?? []).map(Number);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

function killIfThere(pid: number): void {
  try {
    if (pid > 0) process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** The line a person needs: the first that is not empty, a Go stack trace cut off. */
export const firstLine = (text: string): string =>
  text
    .split('\n')
    .map((line) => line.replaceAll('\0', '').trim())
    .find((line) => line !== '') ?? 'no message';
