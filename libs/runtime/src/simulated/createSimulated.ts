import { randomBytes } from 'node:crypto';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { requireAllowed } from '@stasis/container';
import { messageOf, StasisError } from '@stasis/errors';
import type { OciSpec } from '@stasis/spec';
import type { CaptureProcess, CaptureRequest, ContainerRuntime, RuntimeContainer, RuntimeInfo } from '../port.ts';
import { processFacts } from '../process/procfs.ts';
import { watchDirectory } from '../process/watchDirectory.ts';
import { caughtUp } from './counter.ts';
import { readSimulatedImage, simulatedVersion, writeSimulatedImage } from './simulatedImage.ts';
import { listIds, locked, readState, removeState, writeState, type SimulatedState } from './stateStore.ts';

export interface SimulatedOptions {
  readonly root: string;
  /** Milliseconds between two counts of the simulated program. */
  readonly periodMs?: number;
  /** How long a capture takes. */
  readonly captureMs?: number;
  /** Length of pages.img in 4 KiB pages. */
  readonly pages?: number;
}

const info: RuntimeInfo = {
  name: 'simulated',
  version: simulatedVersion,
  platform: 'simulated',
  features: { resumesInPlace: true, capturesPaused: true, compressionFlag: true, backgroundRestore: true },
};

/**
 * A runtime that runs nothing: each container is a counter and a secret in a JSON file. For the simulation of fleets,
 * for tests, and for a demo on a machine without runsc; every line it logs begins with `simulated`.
 */
export function createSimulated(options: SimulatedOptions): ContainerRuntime {
  const root = resolve(options.root);
  const periodMs = options.periodMs ?? 100;

  /** Applies `change` to the caught-up state under the lock. @throws StasisError ContainerNotFound */
  const update = (id: string, change: (state: SimulatedState) => SimulatedState = (state) => state) =>
    locked(root, id, () => {
      const state = readState(root, id);
      if (state === undefined) throw notFound(root, id);
      const next = change(caughtUp(state, Date.now(), periodMs));
      if (next !== state) writeState(root, next);
      return next;
    });

  /** The program "prints" while this process lives; later, lines are caught up whenever someone looks. */
  const keepPrinting = (id: string, run: string): void => {
    const timer = setInterval(() => {
      const state = readState(root, id);
      if (state === undefined || state.run !== run || state.status === 'stopped') clearInterval(timer);
      else if (state.status === 'running') update(id);
    }, periodMs);
    timer.unref();
  };

  const create = (id: string, bundle: string, logFile: string, from: () => Pick<SimulatedState, 'count' | 'secret'>) =>
    locked(root, id, () => {
      const taken = readState(root, id);
      if (taken !== undefined)
        throw new StasisError('NameTaken', `container "${id}" exists under ${root} in state ${taken.status}`, {
          next: 'Choose another id, or delete that container first.',
        });
      const createdAt = new Date().toISOString();
      const { count, secret } = from();
      closeSync(openSync(logFile, 'a', 0o600));
      const run = `${createdAt}#${randomBytes(4).toString('hex')}`;
      const spec = readSpec(bundle);
      const since = Date.now();
      const state: SimulatedState = {
        ...{ id, createdAt, run, bundle, spec, status: 'running', since, logFile },
        ...{ count, secret, logged: count },
      };
      writeState(root, state);
      keepPrinting(id, run);
      return toContainer(root, state);
    });

  const setStatus = (id: string, verb: 'pause' | 'resume', status: 'paused' | 'running') =>
    update(id, (state) => {
      if (state.status === status) return state;
      requireAllowed(verb, id, state.status);
      return { ...state, status, since: Date.now() };
    });

  const capture = (request: CaptureRequest): CaptureProcess => {
    if (request.compression !== 'none')
      throw new StasisError('NotSupported', 'simulated: images are not compressed; use compression none');
    const begun = performance.now();
    const state = update(request.id);
    requireAllowed('checkpoint', request.id, state.status);
    writeSimulatedImage(request.attemptDir, state, options.pages ?? 64, new Date().toISOString());
    if (request.after === 'pause') setStatus(request.id, 'pause', 'paused');
    if (request.after === 'stop') stop(request.id);
    const ended = sleep(options.captureMs ?? 5).then(() => ({
      freezeMs: performance.now() - begun,
      containerStatus: readState(root, request.id)?.status ?? ('gone' as const),
    }));
    return { pid: process.pid, startTicks: processFacts(process.pid)?.startTicks ?? '0', done: () => ended };
  };

  const stop = (id: string) =>
    update(id, (state) => (state.status === 'stopped' ? state : { ...state, status: 'stopped', exitStatus: 137 }));

  return {
    root,
    info: async () => info,
    list: async () =>
      listIds(root).flatMap((id) => (readState(root, id) === undefined ? [] : [toContainer(root, update(id))])),
    load: async (id) => toContainer(root, update(id)),
    watch: (onChange) => {
      mkdirSync(root, { recursive: true });
      return watchDirectory(root, onChange);
    },
    start: async ({ id, bundle, logFile }) => create(id, bundle, logFile, () => ({ count: 0, secret: newSecret() })),
    beginCapture: async (request) => capture(request),
    settleCapture: async ({ id }) => ({ containerStatus: readState(root, id)?.status ?? 'gone' }),
    pause: async (id) => void setStatus(id, 'pause', 'paused'),
    resume: async (id) => void setStatus(id, 'resume', 'running'),
    kill: async (id) => void stop(id),
    delete: async (id) => locked(root, id, () => removeState(root, id)),
    restore: async ({ id, bundle, imageDir, logFile }) =>
      create(id, bundle, logFile, () => readSimulatedImage(imageDir)),
    restored: async (id) => void update(id),
    wait: async (id) => {
      for (;;) {
        const { status, exitStatus } = update(id);
        if (status === 'stopped') return { exitStatus: exitStatus ?? 0 };
        await sleep(20);
      }
    },
  };
}

const newSecret = (): string => randomBytes(8).toString('hex');

const notFound = (root: string, id: string): StasisError =>
  new StasisError('ContainerNotFound', `loading container: "${id}" does not exist under ${root}`);

function readSpec(bundle: string): OciSpec {
  const file = join(bundle, 'config.json');
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as OciSpec;
  } catch (error) {
    throw new StasisError('RuntimeFailed', `simulated: cannot read ${file}: ${messageOf(error)}`, { cause: error });
  }
}

const toContainer = (root: string, state: SimulatedState): RuntimeContainer => ({
  id: state.id,
  root,
  status: state.status,
  // There is no sandbox; the process that looks stands in for it, so that the container counts as alive.
  ...(state.status === 'stopped' ? {} : { sandboxPid: process.pid }),
  createdAt: state.createdAt,
  run: state.run,
  bundle: state.bundle,
  spec: state.spec,
});
