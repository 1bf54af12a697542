import { runCommand, type CommandOptions, type CommandResult } from '../process/runCommand.ts';

/** How one binary is called for one container root. */
export interface Invocation {
  readonly binary: string;
  readonly root: string;
  /** Global flags, probed or given: `--platform=…`, `--network=…`, `--ignore-cgroups`. */
  readonly flags: readonly string[];
  /** Put before the binary: `nsenter …` into the keeper's namespaces where Stasis runs without root, else nothing. */
  readonly prefix: readonly string[];
  /** Host pid of the keeper whose pid namespace the runtime's pids belong to. */
  readonly keeperPid?: number;
  /** In place of `verbTimeoutMs`. */
  readonly timeoutMs?: number;
}

/** For a verb that answers from files or from the sandbox at once (20-30 ms when healthy). */
export const verbTimeoutMs = 30_000;

/** The whole command: program and arguments. */
export function command(via: Invocation, verb: string, ...rest: readonly string[]): [string, string[]] {
  const [file = via.binary, ...argv] = [...via.prefix, via.binary, '--root', via.root, ...via.flags, verb, ...rest];
  return [file, argv];
}

/** Runs a verb to its end. @throws StasisError RuntimeFailed when it cannot be started, RuntimeTimeout */
export function call(
  via: Invocation,
  verb: string,
  rest: readonly string[],
  options: CommandOptions = { timeoutMs: via.timeoutMs ?? verbTimeoutMs },
): Promise<CommandResult> {
  return runCommand(...command(via, verb, ...rest), options);
}
