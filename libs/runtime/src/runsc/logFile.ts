import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { call, type Invocation } from './invocation.ts';
import { failure } from './failure.ts';
import { StasisError } from '@stasis/errors';

const mostWords = 65_536;

/**
 * Runs a detaching verb whose container inherits stdout and stderr: both go to `logFile`, opened O_APPEND so that a
 * restored process, which keeps its old file offset, writes at the end. runsc's own words land there too; on failure
 * they are read back from where the file ended before.
 * @throws StasisError with the reason that runsc's words mean.
 */
export async function callWithLog(
  via: Invocation,
  verb: string,
  rest: readonly string[],
  logFile: string,
  timeoutMs: number,
): Promise<void> {
  const fd = openSync(logFile, 'a+', 0o600);
  try {
    const before = fstatSync(fd).size;
    const result = await call(via, verb, rest, { timeoutMs, stdio: ['ignore', fd, fd], detached: true });
    if (result.code === 0) return;
    const words = Buffer.alloc(mostWords);
    const length = readSync(fd, words, 0, mostWords, before);
    if (result.code === null) throw new StasisError('RuntimeFailed', `runsc ${verb} was ended by ${result.signal}`);
    throw failure(verb, words.toString('utf8', 0, length));
  } finally {
    closeSync(fd);
  }
}
