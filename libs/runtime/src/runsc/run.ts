import type { RuntimeContainer, StartRequest } from '../port.ts';
import { StasisError } from '@stasis/errors';
import { callWithLog } from './logFile.ts';
import { verbTimeoutMs, type Invocation } from './invocation.ts';
import { loadContainer, readContainer } from './stateFile.ts';

/** `runsc run --detach --bundle DIR <id>`: exit 0 once the container runs; see `failure.ts` for its words. */
export async function run(via: Invocation, request: StartRequest): Promise<RuntimeContainer> {
  requireFreeName(via, request.id);
  const rest = ['--detach', '--bundle', request.bundle, request.id];
  await callWithLog(via, 'run', rest, request.logFile, verbTimeoutMs);
  return loadContainer(via, request.id);
}

/** @throws StasisError NameTaken also for a stopped container: its state is still under the root. */
export function requireFreeName(via: Invocation, id: string): void {
  const taken = readContainer(via, id);
  if (taken !== undefined)
    throw new StasisError('NameTaken', `container "${id}" exists under ${via.root} in state ${taken.status}`, {
      next: 'Choose another id, or delete that container first.',
    });
}
