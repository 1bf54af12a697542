import { isStasisError } from '@stasis/errors';
import type { RestoreRequest, RuntimeContainer } from '../port.ts';
import { remove } from './delete.ts';
import type { Invocation } from './invocation.ts';
import { callWithLog } from './logFile.ts';
import { refuseBeginning, refuseTaken } from './nameTaken.ts';
import { listStates, loadContainer, readContainer } from './stateFile.ts';

/**
 * `runsc restore --detach [--background] --bundle DIR --image-path DIR <id>` creates the container and restores into it
 * (a `create` before it is an error). Exit 0 once it runs; with --background before the image is read to its end. A
 * cut or foreign image: 128 and a Go stack trace. A flipped byte in pages.img is not noticed: the caller has verified.
 */
export async function restore(via: Invocation, request: RestoreRequest): Promise<RuntimeContainer> {
  refuseTaken(via.root, readContainer(via, request.id));
  refuseBeginning(via.root, request.id, listStates(via));
  try {
    await callWithLog(
      via,
      'restore',
      restoreArguments({ ...request, detach: true }),
      request.logFile,
      request.timeoutMs,
    );
    return loadContainer(via, request.id);
  } catch (error) {
    // Someone else's container of that name stays; what this call made is removed.
    if (!isStasisError(error) || error.code !== 'NameTaken') await remove(via, request.id);
    throw error;
  }
}

/** The arguments after the verb. */
export const restoreArguments = (request: {
  readonly id: string;
  readonly bundle: string;
  readonly imageDir: string;
  readonly background: boolean;
  readonly detach: boolean;
}): string[] => [
  ...(request.detach ? ['--detach'] : []),
  ...(request.background ? ['--background'] : []),
  '--bundle',
  request.bundle,
  '--image-path',
  request.imageDir,
  request.id,
];
