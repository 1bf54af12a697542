import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { StasisError } from '@stasis/errors';
import { readLines } from '../logFile.ts';

/** What the counting program said in one line. */
export interface Count {
  readonly count: number;
  readonly secret: string;
}

/** The lines of a counter's log so far; the simulated runtime marks its own with a word before. */
export const readCounts = (file: string): Count[] =>
  existsSync(file) ? readLines(file).lines.map((line) => parseCount(line, file)) : [];

const parseCount = (line: string, file: string): Count => {
  const [, json] = /^(?:simulated )?(\{.*\})$/.exec(line) ?? [];
  const { count, secret } = (json === undefined ? {} : JSON.parse(json)) as Partial<Count>;
  if (typeof count === 'number' && typeof secret === 'string') return { count, secret };
  throw new StasisError('Internal', `${file} holds a line that the counter did not write: ${line.slice(0, 200)}`);
};

const lookEveryMs = 10;

/** Resolves with the counts as soon as `enough` of them are there. @throws StasisError WaitTimedOut */
export const untilCounted = async (
  file: string,
  enough: (counts: readonly Count[]) => boolean,
  signal: AbortSignal,
  timeoutMs = 20_000,
): Promise<readonly Count[]> => {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const counts = readCounts(file);
    if (enough(counts)) return counts;
    if (Date.now() > deadline)
      throw new StasisError('WaitTimedOut', `the counter wrote no more than ${counts.length} lines to ${file}`);
    await sleep(lookEveryMs, undefined, { signal });
  }
};

/** A counter's log, watched: which count it had reached by a given time. */
export interface CountWatch {
  /** The last count that had been seen at an instant (milliseconds since 1970); 0 when none. */
  reachedAt(instant: number): number;
  stop(): Promise<void>;
}

/** Notes when each line appears, at most 10 ms late: what it says was reached had been reached. */
export const watchCounts = (file: string): CountWatch => {
  const seen: { readonly at: number; readonly count: number }[] = [];
  const over = new AbortController();
  const look = async (): Promise<void> => {
    while (!over.signal.aborted) {
      const count = readCounts(file).at(-1)?.count ?? 0;
      if (count !== seen.at(-1)?.count) seen.push({ at: Date.now(), count });
      await sleep(lookEveryMs);
    }
  };
  const looking = look().then(
    () => undefined,
    (error: unknown) => error,
  );
  return {
    reachedAt: (instant) => seen.findLast(({ at }) => at <= instant)?.count ?? 0,
    stop: async () => {
      over.abort();
      const failed = await looking;
      if (failed !== undefined) throw failed;
    },
  };
};
