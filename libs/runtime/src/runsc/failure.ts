import { StasisError, type ErrorCode } from '@stasis/errors';
import { firstLine, type CommandResult } from '../process/runCommand.ts';

/**
 * Lines of runsc that mean one of our reasons, of 2022 and of 2026; every failure exits 128, so words are all there is.
 *
 *   NoSpace      checkpoint failed: checkpointing container "x": closing state file failed: no space left on device
 *   NameTaken    running container: creating container: cannot lock container metadata file: container already exists
 *                starting container: cannot restore container "x" in state running
 *   Not running  signaling container "x": connecting to control server at PID 8069: connection refused
 *                checkpoint failed: cannot checkpoint container "x" in state stopped
 *   Not found    FetchSpec failed: loading container: file does not exist
 */
const knownLines: readonly (readonly [RegExp, ErrorCode])[] = [
  [/no space left on device/u, 'NoSpace'],
  [/container already exists|cannot restore container "[^"]*" in state/u, 'NameTaken'],
  [/connection refused|in state (?:stopped|creating|created|paused|running)/u, 'ContainerNotRunning'],
  [/loading container: file does not exist/u, 'ContainerNotFound'],
];

/** The reason for what a verb wrote, or RuntimeFailed with the runtime's own first line. */
export function failure(verb: string, output: string): StasisError {
  const line = firstLine(output);
  const code = knownLines.find(([pattern]) => pattern.test(output))?.[1] ?? 'RuntimeFailed';
  return new StasisError(code, `runsc ${verb}: ${line}`);
}

/** @throws StasisError when the verb did not exit 0. */
export function requireSuccess(verb: string, result: CommandResult): CommandResult {
  if (result.code === 0) return result;
  if (result.code === null) throw new StasisError('RuntimeFailed', `runsc ${verb} was ended by ${result.signal}`);
  throw failure(verb, result.stderr + result.stdout);
}
