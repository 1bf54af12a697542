import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { StasisError } from '@stasis/errors';

/**
 * Runs a program on this command's own stdin, stdout and stderr and resolves with its exit status (128 + n when a signal
 * ended it). SIGTERM is passed on; a Ctrl-C reaches it from the terminal, so it is only kept from ending us first.
 * @throws StasisError RuntimeFailed when it cannot be started.
 */
export function runAttached([file, argv]: readonly [string, readonly string[]]): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, argv, { stdio: 'inherit' });
    const passOn = (signal: NodeJS.Signals): void => void child.kill(signal);
    const stay = (): void => undefined;
    process.on('SIGTERM', passOn).on('SIGINT', stay);
    const done = (): void => void process.off('SIGTERM', passOn).off('SIGINT', stay);
    child.once('error', (error) => {
      done();
      reject(new StasisError('RuntimeFailed', `cannot run ${file}: ${error.message}`, { cause: error }));
    });
    child.once('exit', (code, signal) => {
      done();
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
    });
  });
}
