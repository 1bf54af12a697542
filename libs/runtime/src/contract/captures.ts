import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isSameProcess } from '../process/procfs.ts';
import { lastCount } from '../testKit/workload.ts';
import type { RuntimeInfo } from '../port.ts';
import { openWorld, type OpenRuntime, type World } from './world.ts';

/** What a capture leaves of the container, and what its image is good for. */
export const testCaptures = (open: OpenRuntime, features: RuntimeInfo['features']): void =>
  void describe('captures', () => {
    let world: World;
    beforeEach(async () => {
      world = await openWorld(open);
    });
    afterEach(() => world.close());

    it('stops a container with its image, and a restore goes on from there', async () => {
      const { run } = await world.start();
      await world.countAbove(2);
      const { attemptDir, process } = await world.capture('stop');
      expect((await process.done()).containerStatus).toBe('stopped');
      expect((await world.runtime.load('c1')).status).toBe('stopped');
      expect(readdirSync(attemptDir)).toContain('checkpoint.img');
      const held = lastCount(world.logFile);
      await world.runtime.delete('c1');
      writeFileSync(world.logFile, '');
      const restored = await world.restore(attemptDir);
      expect(restored.status).toBe('running');
      expect(restored.run).not.toBe(run);
      await world.countAbove(held);
      const text = readFileSync(world.logFile, 'utf8');
      expect(text).not.toContain('\0');
      expect(text).not.toMatch(/"count":1\}/u);
    });

    const resuming = () =>
      it('goes on under the same id after a capture that resumes', async () => {
        const started = await world.start();
        await world.countAbove(0);
        const { process } = await world.capture('resume');
        const { freezeMs, containerStatus } = await process.done();
        expect(containerStatus).toBe('running');
        expect(freezeMs).toBeGreaterThan(0);
        const after = await world.runtime.load('c1');
        expect([after.sandboxPid, after.run]).toEqual([started.sandboxPid, started.run]);
        await world.countAbove(lastCount(world.logFile));
      });

    const pausing = () =>
      it('stays paused after a capture that pauses, and its image restores as running', async () => {
        await world.start();
        await world.countAbove(0);
        const { attemptDir, process } = await world.capture('pause');
        expect((await process.done()).containerStatus).toBe('paused');
        const copy = await world.restore(attemptDir, 'c2');
        expect(copy.status).toBe('running');
        expect((await world.runtime.load('c1')).status).toBe('paused');
        await world.runtime.resume('c1');
        expect((await world.runtime.load('c1')).status).toBe('running');
      });

    // Registered for the runtimes that have the feature; the others are held to refuse it.
    if (features.resumesInPlace) resuming();
    if (features.capturesPaused) pausing();
    const missing = [
      ...(features.resumesInPlace ? [] : (['resume'] as const)),
      ...(features.capturesPaused ? [] : (['pause'] as const)),
    ];
    for (const after of missing)
      it(`refuses a capture to ${after}, which it cannot, and touches nothing`, async () => {
        await world.start();
        await expect(world.capture(after)).rejects.toMatchObject({ code: 'NotSupported' });
        expect((await world.runtime.load('c1')).status).toBe('running');
      });

    it('names the capture by pid and start, and settles only once nobody holds its files', async () => {
      await world.start();
      const { attemptDir, process } = await world.capture('stop');
      expect(process.pid).toBeGreaterThan(0);
      expect(isSameProcess(process.pid, process.startTicks)).toBe(true);
      const settled = await world.runtime.settleCapture({ id: 'c1', attemptDir, timeoutMs: 20_000 });
      expect(['running', 'stopped']).toContain(settled.containerStatus);
      await process.done();
      expect(await world.runtime.settleCapture({ id: 'c1', attemptDir, timeoutMs: 1_000 })).toEqual({
        containerStatus: 'stopped',
      });
    });

    it('fails a capture of a stopped container', async () => {
      await world.start();
      await world.runtime.kill('c1');
      await expect(world.capture('stop').then(({ process }) => process.done())).rejects.toMatchObject({
        code: 'ContainerNotRunning',
      });
    });
  });
