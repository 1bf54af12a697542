import { setTimeout as sleep } from 'node:timers/promises';
import { isStasisError } from '@stasis/errors';
import type { ContainerRuntime, RuntimeContainer } from '../port.ts';

const pollMs = 25;

/**
 * The container as soon as it runs under the id, while a command that makes it is under way: reads state files, calls
 * nothing. `undefined` when the command has ended without its having been seen.
 */
export async function runningUnder(
  runtime: Pick<ContainerRuntime, 'load'>,
  id: string,
  command: Promise<unknown>,
): Promise<RuntimeContainer | undefined> {
  let isOver = false;
  const over = command.then(
    () => (isOver = true),
    () => (isOver = true),
  );
  for (;;) {
    const container = await loadIfThere(runtime, id);
    if (container?.status === 'running' || container?.status === 'paused') return container;
    if (isOver) return undefined;
    await Promise.race([sleep(pollMs), over]);
  }
}

async function loadIfThere(runtime: Pick<ContainerRuntime, 'load'>, id: string): Promise<RuntimeContainer | undefined> {
  try {
    return await runtime.load(id);
  } catch (error) {
    if (isStasisError(error) && error.code === 'ContainerNotFound') return undefined;
    throw error;
  }
}
