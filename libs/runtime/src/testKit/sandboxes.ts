import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RuntimeContainer } from '../port.ts';
import { createRunsc, type RunscRuntime } from '../runsc/createRunsc.ts';
import { lastCount, testSpec, unmountBeneath } from './workload.ts';

/** A container root of its own, with what is needed to start containers in it. */
export interface Sandboxes {
  readonly directory: string;
  readonly runtime: RunscRuntime;
  readonly logFile: string;
  /** Makes a bundle from a spec and returns its directory. */
  bundle(name: string, spec: object): string;
  /** Starts a container from the bundle of that name, made for it unless it is there. */
  start(id: string, args?: readonly string[]): Promise<RuntimeContainer>;
  /** Resolves once the log has a count above `floor`. */
  countAbove(floor: number): Promise<void>;
  /** Ends every container and removes everything. */
  close(): Promise<void>;
}

export async function openSandboxes(binary: string): Promise<Sandboxes> {
  const directory = mkdtempSync(join(tmpdir(), 'stasis-sandboxes-'));
  const runtime = await createRunsc({ binary, root: join(directory, 'root') });
  const logFile = join(directory, 'log');
  writeFileSync(logFile, '');
  const bundle = (name: string, spec: object): string => {
    const path = join(directory, name);
    mkdirSync(path);
    writeFileSync(join(path, 'config.json'), JSON.stringify(spec));
    return path;
  };
  return {
    directory,
    runtime,
    logFile,
    bundle,
    start: (id, args) => runtime.start({ id, bundle: bundle(`bundle-${id}`, testSpec(args)), logFile }),
    countAbove: async (floor) => {
      const deadline = performance.now() + 10_000;
      while (lastCount(logFile) <= floor) {
        if (performance.now() > deadline) throw new Error(`no count above ${floor} in ${logFile}`);
        await sleep(20);
      }
    },
    close: async () => {
      for (const { id } of await runtime.list()) await runtime.delete(id);
      unmountBeneath(directory);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
