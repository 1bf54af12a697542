import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CaptureProcess, CaptureRequest, ContainerRuntime, RuntimeContainer } from '../port.ts';
import { lastCount, testSpec, unmountBeneath } from '../testKit/workload.ts';

export type OpenRuntime = (root: string) => Promise<ContainerRuntime>;

/** What each test of the contract works on: a runtime on an empty root, a bundle that counts, a log. */
export interface World {
  readonly directory: string;
  readonly bundle: string;
  readonly logFile: string;
  readonly runtime: ContainerRuntime;
  start(id?: string): Promise<RuntimeContainer>;
  /** Resolves once the log has a count above `floor`. */
  countAbove(floor: number): Promise<void>;
  /** Begins a capture of `c1`. */
  capture(after: CaptureRequest['after']): Promise<{ attemptDir: string; process: CaptureProcess }>;
  restore(imageDir: string, id?: string): Promise<RuntimeContainer>;
  close(): Promise<void>;
}

export async function openWorld(open: OpenRuntime): Promise<World> {
  const directory = mkdtempSync(join(tmpdir(), 'stasis-runtime-'));
  const bundle = join(directory, 'bundle');
  const logFile = join(directory, 'log');
  mkdirSync(bundle);
  writeFileSync(join(bundle, 'config.json'), JSON.stringify(testSpec()));
  const runtime = await open(join(directory, 'root'));
  return {
    directory,
    bundle,
    logFile,
    runtime,
    start: (id = 'c1') => runtime.start({ id, bundle, logFile }),
    countAbove: async (floor) => {
      const deadline = performance.now() + 8_000;
      while (lastCount(logFile) <= floor) {
        if (performance.now() > deadline) throw new Error(`no count above ${floor} in ${logFile}`);
        await sleep(20);
      }
    },
    capture: async (after) => {
      const attemptDir = join(directory, 'image');
      mkdirSync(attemptDir);
      const request = { id: 'c1', attemptDir, after, compression: 'none', timeoutMs: 20_000 } as const;
      return { attemptDir, process: await runtime.beginCapture(request) };
    },
    restore: (imageDir, id = 'c1') =>
      runtime.restore({ id, bundle, imageDir, logFile, background: false, timeoutMs: 20_000 }),
    close: async () => {
      for (const { id } of await runtime.list()) await runtime.delete(id);
      unmountBeneath(directory);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
