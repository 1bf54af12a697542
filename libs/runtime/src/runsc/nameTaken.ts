import { isStasisError, StasisError } from '@stasis/errors';
import type { ContainerRuntime, RuntimeContainer } from '../port.ts';

/** @throws StasisError NameTaken also for a stopped container: its state is still under the root. */
export function refuseTaken(root: string, holder: RuntimeContainer | undefined): void {
  if (holder === undefined) return;
  throw new StasisError('NameTaken', `container "${holder.id}" exists under ${root} in state ${holder.status}`, {
    next: 'Choose another id, or delete that container first.',
  });
}

/** The same for any runtime, before anything else is done. @throws StasisError NameTaken */
export async function requireFreeName(runtime: ContainerRuntime, id: string): Promise<void> {
  try {
    refuseTaken(runtime.root, await runtime.load(id));
  } catch (error) {
    if (!isStasisError(error) || error.code !== 'ContainerNotFound') throw error;
  }
}
