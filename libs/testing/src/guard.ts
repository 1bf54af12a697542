import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import path from 'node:path';

export interface GuardedCommand {
  /** Run to its end before the server starts, as the same user: what fills the directory. */
  readonly prepare?: { readonly command: string; readonly args: readonly string[] };
  readonly command: string;
  readonly args: readonly string[];
  /** Working directory of the server; removed with everything in it when the guard ends. */
  readonly directory: string;
  readonly logFile: string;
  readonly endSignal: 'SIGTERM' | 'SIGQUIT' | 'SIGKILL';
  /** Words before both commands, such as those of setpriv. */
  readonly prefix?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

export interface Guarded {
  readonly pid: number;
  /** Ends the server, removes its directory, and resolves when both are gone. Idempotent. */
  end(): Promise<void>;
}

/**
 * Starts a server that cannot outlive this process: a second process (guardProcess.ts) owns it and ends it as soon as
 * the pipe to us closes, also after a SIGKILL.
 */
export const startGuarded = async (guarded: GuardedCommand): Promise<Guarded> => {
  const guard = spawn(
    process.execPath,
    ['--no-warnings', path.join(import.meta.dirname, 'guardProcess.ts'), JSON.stringify(guarded)],
    // Its own process group: a Ctrl-C at the terminal must reach it only as the end of the pipe.
    { detached: true, stdio: ['pipe', 'pipe', 'inherit'], env: { ...process.env, NODE_OPTIONS: '' } },
  );
  const exited = once(guard, 'exit');
  const pid = await new Promise<number>((resolve, reject) => {
    guard.stdout.once('data', (chunk: Buffer) => resolve(Number(chunk.toString().trim())));
    guard.once('error', reject);
    guard.once('exit', (code) => reject(new Error(`the guard of ${guarded.command} exited with ${code}`)));
  });
  // Nothing here may keep the test process alive.
  guard.unref();
  for (const stream of [guard.stdin, guard.stdout]) (stream as unknown as { unref(): void }).unref();
  const end = async (): Promise<void> => {
    guard.stdin.end();
    guard.ref();
    if (guard.exitCode === null && guard.signalCode === null) await exited;
  };
  if (pid === 0) {
    const log = await readFile(guarded.logFile, 'utf8');
    await end();
    throw new Error(`${guarded.command} could not be started:\n${log.slice(-2000)}`);
  }
  return { pid, end };
};
