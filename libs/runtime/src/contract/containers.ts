import { statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { processFacts } from '../process/procfs.ts';
import { lastCount } from '../testKit/workload.ts';
import { openWorld, type OpenRuntime, type World } from './world.ts';

/** Start, look, pause, end. */
export const testContainers = (open: OpenRuntime): void =>
  void describe('containers', () => {
    let world: World;
    beforeEach(async () => {
      world = await openWorld(open);
    });
    afterEach(() => world.close());

    it('runs what it starts, lists and loads it, and writes its output to the log', async () => {
      const started = await world.start();
      expect(started).toMatchObject({ id: 'c1', status: 'running', bundle: world.bundle });
      expect(started.sandboxPid).toBeGreaterThan(0);
      expect(started.spec.hostname).toBe('stasis-test');
      expect(await world.runtime.load('c1')).toEqual(started);
      expect(await world.runtime.list()).toEqual([started]);
      await world.countAbove(0);
      expect(statSync(world.logFile).mode & 0o777).toBe(0o600);
    });

    it('says ContainerNotFound with id and root, and lists nothing, where nothing is', async () => {
      expect(await world.runtime.list()).toEqual([]);
      await expect(world.runtime.load('nope')).rejects.toMatchObject({
        code: 'ContainerNotFound',
        message: expect.stringMatching(new RegExp(`^loading container: .*nope.*${world.runtime.root}`, 'u')),
      });
    });

    it('refuses a name that is taken and leaves its holder alone', async () => {
      const holder = await world.start();
      await expect(world.start()).rejects.toMatchObject({ code: 'NameTaken' });
      expect(await world.runtime.load('c1')).toEqual(holder);
    });

    it('gives another run to another container under the same id', async () => {
      const first = await world.start();
      await world.runtime.delete('c1');
      const second = await world.start();
      expect(second.run).not.toBe(first.run);
    });

    it('pauses, stays paused, resumes, each also twice', async () => {
      await world.start();
      await world.countAbove(0);
      await world.runtime.pause('c1');
      await world.runtime.pause('c1');
      expect((await world.runtime.load('c1')).status).toBe('paused');
      const held = lastCount(world.logFile);
      await sleep(300);
      expect(lastCount(world.logFile)).toBe(held);
      await world.runtime.resume('c1');
      await world.runtime.resume('c1');
      await world.countAbove(held);
    });

    it.each(['running', 'paused'] as const)(
      'kills a %s one for good, says stopped, and twice is fine',
      async (status) => {
        const { sandboxPid } = await world.start();
        await world.countAbove(0);
        if (status === 'paused') await world.runtime.pause('c1');
        await world.runtime.kill('c1');
        const held = lastCount(world.logFile);
        await world.runtime.kill('c1');
        const stopped = await world.runtime.load('c1');
        expect(stopped.status).toBe('stopped');
        expect(stopped.sandboxPid).toBeUndefined();
        const ownPids = (await world.runtime.info()).name === 'runsc' ? [sandboxPid ?? 0] : [];
        expect(
          ownPids.map((pid) => processFacts(pid)?.state ?? 'gone').filter((state) => !'gone Z'.includes(state)),
        ).toEqual([]);
        await sleep(200);
        expect(lastCount(world.logFile)).toBe(held);
        await expect(world.runtime.pause('c1')).rejects.toMatchObject({ code: 'ContainerNotRunning' });
        await expect(world.runtime.resume('c1')).rejects.toMatchObject({ code: 'ContainerNotRunning' });
      },
    );

    it('waits for the end and passes the exit status on', async () => {
      await world.start();
      const ended = world.runtime.wait('c1');
      await sleep(100);
      await world.runtime.kill('c1');
      expect(await ended).toEqual({ exitStatus: 137 });
    });

    it('deletes what runs, what stopped and what never was', async () => {
      await world.start();
      await world.runtime.delete('c1');
      await world.runtime.delete('c1');
      await expect(world.runtime.load('c1')).rejects.toMatchObject({ code: 'ContainerNotFound' });
      await world.start();
      await world.runtime.kill('c1');
      await world.runtime.delete('c1');
      expect(await world.runtime.list()).toEqual([]);
    });

    it('acts on the one that is named, not on one that begins like it', async () => {
      for (const id of ['c10', 'c1']) await world.start(id);
      const { runtime } = world;
      await runtime.pause('c1');
      await runtime.resume('c1');
      await runtime.pause('c1');
      const statusOf = async (id: string) => (await runtime.load(id)).status;
      expect([await statusOf('c1'), await statusOf('c10')]).toEqual(['paused', 'running']);
      await runtime.resume('c1');
      const { process } = await world.capture('stop');
      expect((await process.done()).containerStatus).toBe('stopped');
      await runtime.kill('c1');
      for (let twice = 0; twice < 2; twice += 1) await runtime.delete('c1');
      await expect(runtime.pause('c1')).rejects.toMatchObject({ code: 'ContainerNotFound' });
      await expect(runtime.kill('c1')).rejects.toMatchObject({ code: 'ContainerNotFound' });
      expect((await runtime.list()).map(({ id }) => id)).toEqual(['c10']);
      expect(await statusOf('c10')).toBe('running');
    });

    it('calls a watcher after a start and after a kill, and no more once stopped', async () => {
      let calls = 0;
      const stop = world.runtime.watch(() => (calls += 1));
      await world.start();
      await expect.poll(() => calls, { timeout: 3_000 }).toBeGreaterThan(0);
      stop();
      await sleep(100);
      const before = calls;
      await world.runtime.delete('c1');
      await sleep(300);
      expect(calls).toBe(before);
    });
  });
