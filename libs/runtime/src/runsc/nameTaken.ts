import { StasisError } from '@stasis/errors';
import type { ContainerRuntime, RuntimeContainer } from '../port.ts';

/** @throws StasisError NameTaken also for a stopped container: its state is still under the root. */
export function refuseTaken(root: string, holder: RuntimeContainer | undefined): void {
  if (holder === undefined) return;
  throw new StasisError('NameTaken', `container "${holder.id}" exists under ${root} in state ${holder.status}`, {
    next: 'Choose another id, or delete that container first.',
  });
}

/**
 * `runsc restore <id>` looks first whether there is a container of that id, and takes one that begins like it for it
 * (see exactId.ts); a restore onto such a name can only fail. @throws StasisError NameTaken
 */
export function refuseBeginning(root: string, id: string, present: readonly RuntimeContainer[]): void {
  const longer = present.find((container) => container.id !== id && container.id.startsWith(id));
  if (longer === undefined) return;
  throw new StasisError(
    'NameTaken',
    `runsc cannot restore as "${id}" under ${root}, since it takes it for "${longer.id}", which begins like it`,
    { next: 'Choose an id that no other begins with.' },
  );
}

/** Whether a container can be restored under the name, before anything else is done. @throws StasisError NameTaken */
export async function requireFreeName(runtime: ContainerRuntime, id: string): Promise<void> {
  const present = await runtime.list();
  refuseTaken(
    runtime.root,
    present.find((container) => container.id === id),
  );
  refuseBeginning(runtime.root, id, present);
}
