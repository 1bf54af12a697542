import { StasisError } from '@stasis/errors';
import { isGone, processFacts } from '../process/procfs.ts';
import { waitUntil } from '../process/waitUntil.ts';
import { callOn } from './exactId.ts';
import type { Invocation } from './invocation.ts';
import { loadContainer, readContainer } from './stateFile.ts';

const politeMs = 2_000;
const finalMs = 10_000;

/**
 * `runsc kill <id> KILL`: exit 0; a paused container refuses signals ("cannot signal container "x" in state paused",
 * 128, seen in 2022 and 2026), and resuming it first would let it run on after its image. Then, and when the sandbox
 * outlives the signal, the sandbox process itself is killed: it holds every process of the container.
 */
export async function kill(via: Invocation, id: string): Promise<void> {
  const { sandboxPid, status } = loadContainer(via, id);
  if (sandboxPid === undefined) return;
  const gone = (): boolean => {
    const state = processFacts(sandboxPid)?.state;
    return state === undefined || state === 'Z';
  };
  if (status !== 'paused') {
    // Its answer does not matter: whether the sandbox is gone is looked at next.
    await callOn(via, id, 'kill', [id, 'KILL']);
    if (await waitUntil(gone, politeMs)) return;
  }
  if (readContainer(via, id)?.sandboxPid !== sandboxPid) return;
  try {
    process.kill(sandboxPid, 'SIGKILL');
  } catch (error) {
    if (!isGone(error) || !gone()) throw error;
  }
  if (!(await waitUntil(gone, finalMs)))
    throw new StasisError('RuntimeTimeout', `the sandbox of "${id}" (pid ${sandboxPid}) did not end after SIGKILL`);
}
