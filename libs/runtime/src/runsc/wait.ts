import { StasisError } from '@stasis/errors';
import { callOn } from './exactId.ts';
import type { Invocation } from './invocation.ts';
import { requireSuccess } from './failure.ts';
import { loadContainer } from './stateFile.ts';

/** 24 days, the longest that a timer can hold: a container may run as long as it likes. */
const noTimeoutMs = 2_147_483_647;

/**
 * `runsc wait <id>`: stdout `{"id":"x","exitStatus":137}` (2022 also `"pid"`), exit 0, once the container ends. When its
 * sandbox is gone already: "sandbox no longer running and its exit status is unavailable", 128.
 */
export async function wait(via: Invocation, id: string): Promise<{ exitStatus: number }> {
  loadContainer(via, id);
  const { stdout } = requireSuccess('wait', await callOn(via, id, 'wait', [id], { timeoutMs: noTimeoutMs }));
  const answer = JSON.parse(stdout) as { exitStatus?: unknown };
  if (typeof answer.exitStatus !== 'number')
    throw new StasisError('RuntimeFailed', `runsc wait said: ${stdout.trim().slice(0, 200)}`);
  return { exitStatus: answer.exitStatus };
}

/** `runsc wait --restore <id>`: returns once a background restore has read its whole image. */
export async function waitRestored(via: Invocation, id: string, timeoutMs: number): Promise<void> {
  requireSuccess('wait --restore', await callOn(via, id, 'wait', ['--restore', id], { timeoutMs }));
}
