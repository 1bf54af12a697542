import { requireAllowed } from '@stasis/container';
import { callOn } from './exactId.ts';
import type { Invocation } from './invocation.ts';
import { requireSuccess } from './failure.ts';
import { loadContainer } from './stateFile.ts';

/** `runsc pause <id>`: exit 0 silent; a paused one: "cannot pause container "x" in state paused", 128. */
export async function pause(via: Invocation, id: string): Promise<void> {
  const { status } = loadContainer(via, id);
  if (status === 'paused') return;
  requireAllowed('pause', id, status);
  requireSuccess('pause', await callOn(via, id, 'pause', [id]));
}

/** `runsc resume <id>`: a running one answers "cannot resume container "x" in state running", 128, so it is not asked. */
export async function resume(via: Invocation, id: string): Promise<void> {
  const { status } = loadContainer(via, id);
  if (status === 'running') return;
  requireAllowed('resume', id, status);
  requireSuccess('resume', await callOn(via, id, 'resume', [id]));
}
