import { mkdirSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { CommandOptions, CommandResult } from '../process/runCommand.ts';
import { call, type Invocation } from './invocation.ts';
import { notFound } from './stateFile.ts';

/** In a container root; runsc looks at no directories there. */
const viewsName = '.exact';

/**
 * runsc takes an id for the beginning of one (gvisor runsc/container/state_file.go, `findContainerID`): where `a1` and
 * `a10` are, it refuses every verb on `a1` as ambiguous, and where only `a10` is left, `delete a1` deletes `a10` (seen
 * in 2022 and 2026). So a verb is shown a root in which there is nothing but links to the files of the one container;
 * its state names the real root, where it goes on to write.
 *
 * @returns the invocation for a verb on this id alone; `undefined` when the root holds no container of that id.
 */
export function exactly(via: Invocation, id: string): Invocation | undefined {
  const own = namesIn(via.root).filter((name) => name.startsWith(`${id}_sandbox:`));
  if (!own.some((name) => name.endsWith('.state'))) return undefined;
  const root = join(via.root, viewsName, id);
  mkdirSync(root, { recursive: true, mode: 0o711 });
  for (const name of namesIn(root)) if (!own.includes(name)) rmSync(join(root, name), { force: true });
  for (const name of own) link(join('..', '..', name), join(root, name));
  return { ...via, root };
}

/** Runs a verb on one container to its end. @throws StasisError ContainerNotFound, and as `call` */
export function callOn(
  via: Invocation,
  id: string,
  verb: string,
  rest: readonly string[],
  options?: CommandOptions,
): Promise<CommandResult> {
  return call(exactly(via, id) ?? refuse(via, id), verb, rest, options);
}

/** What was made to name the container that is gone. Idempotent. */
export const forgetView = (via: Invocation, id: string): void =>
  rmSync(join(via.root, viewsName, id), { recursive: true, force: true });

const refuse = (via: Invocation, id: string): never => {
  throw notFound(via, id);
};

function link(target: string, path: string): void {
  try {
    symlinkSync(target, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
