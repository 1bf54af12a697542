import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import type { ContainerRuntime, RuntimeInfo } from '../port.ts';
import { watchDirectory } from '../process/watchDirectory.ts';
import { beginCapture } from './checkpoint.ts';
import { remove } from './delete.ts';
import { command, type Invocation } from './invocation.ts';
import { defaultKeeperFile, ensureKeeper, enterKeeper, needsKeeper } from './keeper.ts';
import { kill } from './kill.ts';
import { pause, resume } from './pause.ts';
import { flagsFromEnvironment, probe } from './probe.ts';
import { restore } from './restore.ts';
import { run } from './run.ts';
import { settle } from './settle.ts';
import { listStates, loadContainer } from './stateFile.ts';
import { wait, waitRestored } from './wait.ts';

export interface RunscOptions {
  /** Path of the binary; see `locateRunsc`. */
  readonly binary: string;
  /** Container root, as runsc's own `--root`. */
  readonly root: string;
  /** Global flags in place of the probed ones; default STASIS_RUNSC_FLAGS, else probed. */
  readonly flags?: readonly string[];
  /** Where the keeper of the user namespace is noted when Stasis runs without root; default under STASIS_HOME. */
  readonly keeperFile?: string;
  /** How long a verb that should answer at once may take; default 30 s. */
  readonly verbTimeoutMs?: number;
}

/** The driver, and the bare command for those who must run a verb on their own terminal. */
export interface RunscRuntime extends ContainerRuntime {
  readonly binary: string;
  /** Program and arguments of a verb, with root, flags and namespaces as this driver calls it. */
  command(verb: string, ...rest: readonly string[]): [string, string[]];
}

/**
 * Drives one runsc binary on one container root, by its command line only. Without root every call enters the
 * namespaces of the node's keeper, which is started if absent.
 * @throws StasisError RuntimeFailed when the binary does not run or user namespaces are not allowed.
 */
export async function createRunsc(options: RunscOptions): Promise<RunscRuntime> {
  const [probed, keeperPid] = await Promise.all([
    probe(options.binary),
    needsKeeper() ? ensureKeeper(options.keeperFile ?? defaultKeeperFile()) : undefined,
  ]);
  const root = resolve(options.root);
  const via: Invocation = {
    binary: options.binary,
    root,
    flags: options.flags ?? flagsFromEnvironment() ?? probed.flags,
    prefix: keeperPid === undefined ? [] : enterKeeper(keeperPid),
    ...(keeperPid === undefined ? {} : { keeperPid }),
    ...(options.verbTimeoutMs !== undefined && { timeoutMs: options.verbTimeoutMs }),
  };
  const info: RuntimeInfo = {
    ...probed.info,
    platform: /--?platform[= ](\S+)/u.exec(via.flags.join(' '))?.[1] ?? probed.info.platform,
  };
  return {
    root,
    binary: options.binary,
    command: (verb, ...rest) => command(via, verb, ...rest),
    info: async () => info,
    list: async () => listStates(via),
    load: async (id) => loadContainer(via, id),
    watch: (onChange) => watchDirectory(root, onChange),
    start: async (request) => {
      // runsc makes only the last directory of its root.
      mkdirSync(root, { recursive: true, mode: 0o711 });
      return run(via, request);
    },
    beginCapture: (request) => beginCapture(via, info, request),
    settleCapture: (request) => settle(via, request),
    pause: (id) => pause(via, id),
    resume: (id) => resume(via, id),
    kill: (id) => kill(via, id),
    delete: (id) => remove(via, id),
    restore: (request) => {
      mkdirSync(root, { recursive: true, mode: 0o711 });
      return restore(via, request);
    },
    restored: (id, timeoutMs) => waitRestored(via, id, timeoutMs),
    wait: (id) => wait(via, id),
  };
}
