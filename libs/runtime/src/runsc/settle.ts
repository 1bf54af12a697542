import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { StasisError } from '@stasis/errors';
import type { ContainerStatus } from '@stasis/container';
import { holdersOf } from '../process/openFiles.ts';
import { commandLine } from '../process/procfs.ts';
import type { Invocation } from './invocation.ts';
import { readContainer } from './stateFile.ts';

const pollMs = 25;
/**
 * A capture that failed can leave its files open in the sandbox for as long as the container lives (seen in 2026 on a
 * full disk), so "nobody holds them" may never come. Files that nobody has changed for this long, with no client of a
 * capture left, count as settled too.
 */
const quietMs = 3_000;

const answered = new Set<string>();

/** The runtime has answered this process about that attempt, so there is nothing to wait for. */
export const markAnswered = (attemptDir: string): void => void answered.add(attemptDir);

export const markBegun = (attemptDir: string): void => void answered.delete(attemptDir);

/** Waits until nobody writes files of the attempt any more. @throws StasisError RuntimeTimeout */
export async function settle(
  via: Invocation,
  request: { id: string; attemptDir: string; timeoutMs: number },
): Promise<{ containerStatus: ContainerStatus }> {
  if (!answered.has(request.attemptDir)) await untilQuiet(request.attemptDir, request.timeoutMs);
  return { containerStatus: readContainer(via, request.id)?.status ?? 'gone' };
}

async function untilQuiet(attemptDir: string, timeoutMs: number): Promise<void> {
  const end = performance.now() + timeoutMs;
  let seen = '';
  let since = performance.now();
  for (;;) {
    const holders = holdersOf(attemptDir);
    if (holders.length === 0) return;
    const now = performance.now();
    const looks = looksOf(attemptDir);
    if (looks !== seen) [seen, since] = [looks, now];
    if (now - since > quietMs && !holders.some(isCaptureClient)) return;
    if (now > end)
      throw new StasisError('RuntimeTimeout', `process ${holders.join(', ')} still holds files of ${attemptDir} open`);
    await sleep(pollMs);
  }
}

/** `runsc … checkpoint …`, also behind nsenter; a sandbox is `runsc-sandbox … boot …`. */
const isCaptureClient = (pid: number): boolean => commandLine(pid).includes('checkpoint');

/** Sizes and times of the files: equal as long as nobody writes. */
const looksOf = (directory: string): string =>
  readdirSync(directory)
    .map((name) => {
      const stat = statSync(join(directory, name), { bigint: true, throwIfNoEntry: false });
      return `${name} ${stat?.size} ${stat?.mtimeNs}`;
    })
    .join('\n');
