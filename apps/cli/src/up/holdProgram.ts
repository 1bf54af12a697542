import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { endProcess, isAlive, markOf, type ProcessMark } from './processMark.ts';

export interface HeldProgram {
  readonly command: string;
  readonly args: readonly string[];
  readonly stopSignal: NodeJS.Signals;
  readonly env?: Readonly<Record<string, string>>;
  readonly user?: { readonly uid: number; readonly gid: number };
}

/** Ends `mark` and then this process when this process is told to end. */
const endTogether = (stopSignal: NodeJS.Signals, mark: () => ProcessMark | undefined): void => {
  const end = (): void => {
    const held = mark();
    void (held === undefined ? Promise.resolve() : endProcess(held, stopSignal)).then(() => process.exit(0));
  };
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, end);
};

/**
 * Runs a program that is not ours as this process's one purpose: it writes to our stdout and stderr, gets `stopSignal`
 * when we are told to end, and we exit when it does. With endWithParent.ts it cannot outlive the supervisor.
 */
export const holdProgram = (program: HeldProgram): void => {
  const child = spawn(program.command, program.args, {
    // Its own group: a Ctrl-C at the terminal reaches it only through us.
    detached: true,
    cwd: '/',
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, ...program.env },
    ...program.user,
  });
  child.on('error', (error) => {
    console.error(error.message);
    process.exit(1);
  });
  child.on('exit', (code) => process.exit(code ?? 1));
  const mark = child.pid === undefined ? undefined : markOf(child.pid);
  endTogether(program.stopSignal, () => mark);
};

/** The same for a program that a crash left running and that we did not start. */
export const holdAdopted = async (mark: ProcessMark, stopSignal: NodeJS.Signals): Promise<never> => {
  console.error(`adopted pid ${mark.pid}, which was left running`);
  endTogether(stopSignal, () => mark);
  while (isAlive(mark)) await sleep(200);
  console.error(`pid ${mark.pid} ended`);
  process.exit(1);
};
