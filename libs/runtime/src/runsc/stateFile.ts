import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { StasisError } from '@stasis/errors';
import type { ContainerStatus } from '@stasis/container';
import type { OciSpec } from '@stasis/spec';
import type { RuntimeContainer } from '../port.ts';
import { commandLine, isGone, processFacts } from '../process/procfs.ts';
import { declaredSpec } from './declaredSpec.ts';
import type { Invocation } from './invocation.ts';
import { hostPid } from './keeper.ts';

/**
 * `<root>/<container>_sandbox:<sandbox>.state`, JSON (gvisor runsc/container/state_file.go). The same keys in 2022 and
 * 2026 (`id`, `bundleDir`, `createdAt`, `consoleSocket`, `status`, `sandbox.{id,pid}`, `spec`); later versions add more.
 * runsc writes it under a lock file that Node cannot take; a write seen half-way does not parse and is read again.
 */
interface StateFile {
  readonly id: string;
  readonly bundleDir: string;
  readonly createdAt: string;
  readonly consoleSocket?: string;
  readonly status: string;
  readonly sandbox?: { readonly id: string; readonly pid: number } | null;
  readonly spec: OciSpec;
}

const filePattern = /^(.+)_sandbox:(.+)\.state$/u;
/** runsc's names, with the one that the OCI spec lacks. */
const statusOf: Readonly<Record<string, ContainerStatus>> = {
  creating: 'creating',
  restoring: 'creating',
  created: 'created',
  running: 'running',
  paused: 'paused',
  stopped: 'stopped',
};

/** Everything under the root. A root that does not exist holds nothing. */
export function listStates(via: Invocation): RuntimeContainer[] {
  return stateFiles(via.root).flatMap((file) => {
    const state = readState(join(via.root, file));
    return state === undefined ? [] : [toContainer(via, state)];
  });
}

/** `undefined` when the root holds no container of that id. */
export function readContainer(via: Invocation, id: string): RuntimeContainer | undefined {
  const own =
    readState(join(via.root, `${id}_sandbox:${id}.state`)) ??
    stateFiles(via.root)
      .filter((file) => filePattern.exec(file)?.[1] === id)
      .map((file) => readState(join(via.root, file)))
      .find((state) => state !== undefined);
  return own === undefined ? undefined : toContainer(via, own);
}

/** @throws StasisError ContainerNotFound in the words of runsc, naming id and root. */
export function loadContainer(via: Invocation, id: string): RuntimeContainer {
  const container = readContainer(via, id);
  if (container === undefined) throw notFound(via, id);
  return container;
}

export const notFound = (via: Invocation, id: string): StasisError =>
  new StasisError('ContainerNotFound', `loading container: "${id}" does not exist under ${via.root}`, {
    next: 'Check the id and --root; `runsc list` shows what is there.',
  });

function stateFiles(root: string): string[] {
  try {
    return readdirSync(root).filter((name) => filePattern.test(name));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw unreadable(root, error);
  }
}

function readState(file: string): StateFile | undefined {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const text = readFileSync(file, 'utf8');
      return JSON.parse(text) as StateFile;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      if (!(error instanceof SyntaxError)) throw unreadable(file, error);
      if (attempt === 20)
        throw new StasisError('RuntimeFailed', `${file} is not a state file of runsc`, { cause: error });
      pauseBriefly();
    }
  }
}

/** 2 ms, blocking: a writer is in the middle of a file of a few KiB. */
const pauseBriefly = (): void => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2);

const unreadable = (path: string, error: unknown): StasisError =>
  new StasisError('RuntimeFailed', `cannot read ${path}: ${isGone(error) ? 'permission denied' : String(error)}`, {
    next: 'Run as the user that owns the container root.',
    cause: error,
  });

function toContainer(via: Invocation, state: StateFile): RuntimeContainer {
  const pid = sandboxPid(via, state);
  return {
    id: state.id,
    root: via.root,
    status: checkedStatus(state, pid),
    ...(pid === undefined ? {} : { sandboxPid: pid }),
    createdAt: state.createdAt,
    run: `${state.createdAt}#${state.sandbox?.id ?? ''}#${state.sandbox?.pid ?? 0}`,
    bundle: state.bundleDir,
    spec: declaredSpec(state.spec, state.bundleDir, state.id),
    ...(state.consoleSocket ? { consoleSocket: state.consoleSocket } : {}),
  };
}

function checkedStatus(state: StateFile, pid: number | undefined): ContainerStatus {
  const said = statusOf[state.status] ?? 'creating';
  return pid !== undefined || said === 'creating' ? said : 'stopped';
}

/**
 * Host pid of the sandbox, if it lives. The kernel may have given the pid to someone else, so the process must be a
 * sandbox of this id (`runsc-sandbox --root=… boot … <sandbox id>`), no zombie. A sandbox of the same id under another
 * root is told apart by its root and by having started long after this container was made; both must disagree, since a
 * root can be spelled in two ways and the clock can be set while the container runs.
 */
function sandboxPid(via: Invocation, state: StateFile): number | undefined {
  const inside = state.sandbox?.pid ?? 0;
  const pid = inside > 0 ? hostPid(via.keeperPid, inside) : undefined;
  if (pid === undefined) return undefined;
  const argv = commandLine(pid);
  if (argv[0] !== 'runsc-sandbox' || !argv.includes('boot') || argv.at(-1) !== state.sandbox?.id) return undefined;
  const facts = processFacts(pid);
  if (facts === undefined || facts.state === 'Z') return undefined;
  const startedInTime = bootTimeMs() + Number(facts.startTicks) * msPerTick <= Date.parse(state.createdAt) + 60_000;
  return startedInTime || argv.includes(`--root=${via.root}`) ? pid : undefined;
}

/** USER_HZ is 100 on every Linux that Node runs on. */
const msPerTick = 10;
/** The wall clock at boot, as the clock stands now. */
const bootTimeMs = (): number => Date.now() - Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]) * 1000;
