import { setTimeout as sleep } from 'node:timers/promises';
import { isLocked, type AgentParts, type OwedResume } from '@stasis/agent';
import { isStasisError, messageOf } from '@stasis/errors';
import type { ContainerRuntime } from '@stasis/runtime';

const firstPauseMs = 500;
const longestPauseMs = 60_000;
/** At the agent's end a call that hangs is not waited for; the journal has what it was about. */
const endMs = 1000;

/**
 * Resumes containers that Stasis has paused and whose runtime would not resume them: at once at the agent's start, then
 * with pauses that double up to a minute. The journal holds what is owed, so a restart forgets none. Returns what ends it.
 */
export function startResuming(parts: AgentParts): () => Promise<void> {
  const pauses = new Map<string, { ms: number; next: number }>();
  let trying: Promise<void> | undefined;
  const look = async (): Promise<void> => {
    for (const owed of parts.journal.owedResumes()) {
      const key = JSON.stringify(owed);
      const { ms, next } = pauses.get(key) ?? { ms: firstPauseMs, next: 0 };
      if (performance.now() < next || parts.stopping.aborted) continue;
      if (await resume(parts, owed)) pauses.delete(key);
      else pauses.set(key, { ms: Math.min(ms * 2, longestPauseMs), next: performance.now() + ms });
    }
  };
  const timer = setInterval(() => {
    trying ??= look()
      .catch((error: unknown) => parts.log(`what is still paused could not be looked at: ${messageOf(error)}`))
      .finally(() => (trying = undefined));
  }, firstPauseMs / 2);
  return async () => {
    clearInterval(timer);
    await Promise.race([trying, sleep(endMs, undefined, { ref: false })]);
  };
}

/** True once nothing is owed any more: it goes on, or that run is no more. */
async function resume(parts: AgentParts, owed: OwedResume): Promise<boolean> {
  const { id, root, run } = owed;
  // Another operation has taken it up; it leaves the container as it should be, or owes it again.
  if (parts.work.isBusy(id) || isLocked(parts.config.nodeDir, id)) return false;
  const runtime = parts.runtimes.find((one) => one.root === root);
  try {
    if (runtime !== undefined && (await isPaused(runtime, id, run))) {
      await runtime.resume(id);
      parts.log(`"${id}" goes on again`);
    }
    await parts.journal.commit((tx) => tx.settleResume(owed));
    return true;
  } catch (error) {
    parts.log(`"${id}" is still paused: ${messageOf(error)}`);
    return false;
  }
}

async function isPaused(runtime: ContainerRuntime, id: string, run: string): Promise<boolean> {
  try {
    const container = await runtime.load(id);
    return container.run === run && container.status === 'paused';
  } catch (error) {
    if (isStasisError(error) && error.code === 'ContainerNotFound') return false;
    throw error;
  }
}
