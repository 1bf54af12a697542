import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CaptureRequest, ContainerRuntime } from './port.ts';
import { lastCount, testSpec, unmountBeneath } from './testKit/workload.ts';
import { isSameProcess, processFacts } from './process/procfs.ts';

/** The promises of `ContainerRuntime`, the same sentences for every implementation. */
export function testContainerRuntime(open: (root: string) => Promise<ContainerRuntime>): void {
  let directory: string;
  let bundle: string;
  let logFile: string;
  let runtime: ContainerRuntime;

  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'stasis-runtime-'));
    bundle = join(directory, 'bundle');
    logFile = join(directory, 'log');
    mkdirSync(bundle);
    writeFileSync(join(bundle, 'config.json'), JSON.stringify(testSpec()));
    runtime = await open(join(directory, 'root'));
  });
  afterEach(async () => {
    for (const { id } of await runtime.list()) await runtime.delete(id);
    unmountBeneath(directory);
    rmSync(directory, { recursive: true, force: true });
  });

  const start = (id = 'c1') => runtime.start({ id, bundle, logFile });
  const countAbove = async (floor: number): Promise<void> => {
    await expect.poll(() => lastCount(logFile), { timeout: 8_000 }).toBeGreaterThan(floor);
  };
  const capture = async (after: CaptureRequest['after'], name = 'image') => {
    const attemptDir = join(directory, name);
    mkdirSync(attemptDir);
    const request = { id: 'c1', attemptDir, after, compression: 'none', timeoutMs: 20_000 } as const;
    return { attemptDir, process: await runtime.beginCapture(request) };
  };
  const restore = (imageDir: string, id = 'c1') =>
    runtime.restore({ id, bundle, imageDir, logFile, background: false, timeoutMs: 20_000 });

  describe('containers', () => {
    it('runs what it starts, lists and loads it, and writes its output to the log', async () => {
      const started = await start();
      expect(started).toMatchObject({ id: 'c1', status: 'running', bundle });
      expect(started.sandboxPid).toBeGreaterThan(0);
      expect(started.spec.hostname).toBe('stasis-test');
      expect(await runtime.load('c1')).toEqual(started);
      expect(await runtime.list()).toEqual([started]);
      await countAbove(0);
      expect(statSync(logFile).mode & 0o777).toBe(0o600);
    });

    it('says ContainerNotFound with id and root, and lists nothing, where nothing is', async () => {
      expect(await runtime.list()).toEqual([]);
      await expect(runtime.load('nope')).rejects.toMatchObject({
        code: 'ContainerNotFound',
        message: expect.stringMatching(new RegExp(`^loading container: .*nope.*${runtime.root}`, 'u')),
      });
    });

    it('refuses a name that is taken and leaves its holder alone', async () => {
      const holder = await start();
      await expect(start()).rejects.toMatchObject({ code: 'NameTaken' });
      expect(await runtime.load('c1')).toEqual(holder);
    });

    it('gives another run to another container under the same id', async () => {
      const first = await start();
      await runtime.delete('c1');
      const second = await start();
      expect(second.run).not.toBe(first.run);
    });

    it('pauses, stays paused, resumes, each also twice', async () => {
      await start();
      await countAbove(0);
      await runtime.pause('c1');
      await runtime.pause('c1');
      expect((await runtime.load('c1')).status).toBe('paused');
      const held = lastCount(logFile);
      await sleep(300);
      expect(lastCount(logFile)).toBe(held);
      await runtime.resume('c1');
      await runtime.resume('c1');
      await countAbove(held);
    });

    it.each(['running', 'paused'] as const)(
      'kills a %s one for good, says stopped, and twice is fine',
      async (status) => {
        const { sandboxPid } = await start();
        await countAbove(0);
        if (status === 'paused') await runtime.pause('c1');
        await runtime.kill('c1');
        const held = lastCount(logFile);
        await runtime.kill('c1');
        const stopped = await runtime.load('c1');
        expect(stopped.status).toBe('stopped');
        expect(stopped.sandboxPid).toBeUndefined();
        const ownPids = (await runtime.info()).name === 'runsc' ? [sandboxPid ?? 0] : [];
        expect(
          ownPids.map((pid) => processFacts(pid)?.state ?? 'gone').filter((state) => !'gone Z'.includes(state)),
        ).toEqual([]);
        await sleep(200);
        expect(lastCount(logFile)).toBe(held);
        await expect(runtime.pause('c1')).rejects.toMatchObject({ code: 'ContainerNotRunning' });
        await expect(runtime.resume('c1')).rejects.toMatchObject({ code: 'ContainerNotRunning' });
      },
    );

    it('waits for the end and passes the exit status on', async () => {
      await start();
      const ended = runtime.wait('c1');
      await sleep(100);
      await runtime.kill('c1');
      expect(await ended).toEqual({ exitStatus: 137 });
    });

    it('deletes what runs, what stopped and what never was', async () => {
      await start();
      await runtime.delete('c1');
      await runtime.delete('c1');
      await expect(runtime.load('c1')).rejects.toMatchObject({ code: 'ContainerNotFound' });
      await start();
      await runtime.kill('c1');
      await runtime.delete('c1');
      expect(await runtime.list()).toEqual([]);
    });

    it('calls a watcher after a start and after a kill, and no more once stopped', async () => {
      let calls = 0;
      const stop = runtime.watch(() => (calls += 1));
      await start();
      await expect.poll(() => calls, { timeout: 3_000 }).toBeGreaterThan(0);
      stop();
      await sleep(100);
      const before = calls;
      await runtime.delete('c1');
      await sleep(300);
      expect(calls).toBe(before);
    });
  });

  describe('captures', () => {
    it('stops a container with its image, and a restore goes on from there', async () => {
      const { run } = await start();
      await countAbove(2);
      const { attemptDir, process } = await capture('stop');
      expect((await process.done()).containerStatus).toBe('stopped');
      expect((await runtime.load('c1')).status).toBe('stopped');
      expect(readdirSync(attemptDir)).toContain('checkpoint.img');
      const held = lastCount(logFile);
      await runtime.delete('c1');
      writeFileSync(logFile, '');
      const restored = await restore(attemptDir);
      expect(restored.status).toBe('running');
      expect(restored.run).not.toBe(run);
      await countAbove(held);
      const text = readFileSync(logFile, 'utf8');
      expect(text).not.toContain('\0');
      expect(text).not.toMatch(/"count":1\}/u);
    });

    it('goes on under the same id after a capture that resumes, where the runtime can', async ({ skip }) => {
      skip(!(await runtime.info()).features.resumesInPlace, 'this runtime cannot');
      const started = await start();
      await countAbove(0);
      const { process } = await capture('resume');
      const { freezeMs, containerStatus } = await process.done();
      expect(containerStatus).toBe('running');
      expect(freezeMs).toBeGreaterThan(0);
      const after = await runtime.load('c1');
      expect([after.sandboxPid, after.run]).toEqual([started.sandboxPid, started.run]);
      await countAbove(lastCount(logFile));
    });

    it('stays paused after a capture that pauses, and its image restores as running', async ({ skip }) => {
      skip(!(await runtime.info()).features.capturesPaused, 'this runtime cannot');
      await start();
      await countAbove(0);
      const { attemptDir, process } = await capture('pause');
      expect((await process.done()).containerStatus).toBe('paused');
      const copy = await restore(attemptDir, 'c2');
      expect(copy.status).toBe('running');
      expect((await runtime.load('c1')).status).toBe('paused');
      await runtime.resume('c1');
      expect((await runtime.load('c1')).status).toBe('running');
    });

    it.each(['resume', 'pause'] as const)(
      'refuses a capture to %s where it cannot, and touches nothing',
      async (after) => {
        const { features } = await runtime.info();
        const can = after === 'resume' ? features.resumesInPlace : features.capturesPaused;
        await start();
        const outcome = await capture(after).then(
          ({ process }) => process.done().then(() => 'captured'),
          (error: { code: string }) => error.code,
        );
        expect(outcome).toBe(can ? 'captured' : 'NotSupported');
        expect((await runtime.load('c1')).status).toBe(can && after === 'pause' ? 'paused' : 'running');
      },
    );

    it('names the capture by pid and start, and settles only once nobody holds its files', async () => {
      await start();
      const { attemptDir, process } = await capture('stop');
      expect(process.pid).toBeGreaterThan(0);
      expect(isSameProcess(process.pid, process.startTicks)).toBe(true);
      const settled = await runtime.settleCapture({ id: 'c1', attemptDir, timeoutMs: 20_000 });
      expect(['running', 'stopped']).toContain(settled.containerStatus);
      await process.done();
      expect(await runtime.settleCapture({ id: 'c1', attemptDir, timeoutMs: 1_000 })).toEqual({
        containerStatus: 'stopped',
      });
    });

    it('fails a capture of a stopped container', async () => {
      await start();
      await runtime.kill('c1');
      await expect(capture('stop').then(({ process }) => process.done())).rejects.toMatchObject({
        code: 'ContainerNotRunning',
      });
    });
  });

  describe('restores', () => {
    it('leaves nothing under the id when the image is no image', async () => {
      const imageDir = join(directory, 'nonsense');
      mkdirSync(imageDir);
      writeFileSync(join(imageDir, 'checkpoint.img'), 'nonsense');
      await expect(restore(imageDir)).rejects.toMatchObject({ code: 'RuntimeFailed' });
      expect(await runtime.list()).toEqual([]);
    });

    it('refuses a taken name and leaves its holder alone', async () => {
      const holder = await start();
      await expect(restore(directory)).rejects.toMatchObject({ code: 'NameTaken' });
      expect(await runtime.load('c1')).toEqual(holder);
    });
  });
}
