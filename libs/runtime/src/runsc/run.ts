import type { RuntimeContainer, StartRequest } from '../port.ts';
import { refuseTaken } from './nameTaken.ts';
import { callWithLog } from './logFile.ts';
import { verbTimeoutMs, type Invocation } from './invocation.ts';
import { loadContainer, readContainer } from './stateFile.ts';

/** `runsc run --detach --bundle DIR <id>`: exit 0 once the container runs; see `failure.ts` for its words. */
export async function run(via: Invocation, request: StartRequest): Promise<RuntimeContainer> {
  refuseTaken(via.root, readContainer(via, request.id));
  const rest = ['--detach', '--bundle', request.bundle, request.id];
  await callWithLog(via, 'run', rest, request.logFile, verbTimeoutMs);
  return loadContainer(via, request.id);
}
