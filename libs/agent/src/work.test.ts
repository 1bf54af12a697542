import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isLocked, lockContainer } from './containerLock.ts';
import { Work } from './work.ts';

const gate = () => Promise.withResolvers<void>();

describe('work', () => {
  it('does one operation a container at a time, in order', async () => {
    const work = new Work(4);
    const seen: string[] = [];
    const first = gate();
    const done = [
      work.add('a', async () => {
        await first.promise;
        seen.push('a1');
      }),
      work.add('a', async () => void seen.push('a2')),
      work.add('b', async () => void seen.push('b1')),
    ];
    await done[2];
    expect(seen).toEqual(['b1']);
    first.resolve();
    await Promise.all(done);
    expect(seen).toEqual(['b1', 'a1', 'a2']);
    expect(work.isBusy('a')).toBe(false);
  });

  it('never does more at once than it may, and gives places away during a wait', async () => {
    const work = new Work(2);
    let running = 0;
    let most = 0;
    const waits = gate();
    const operation = async () => {
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setTimeout(resolve, 5));
      running -= 1;
    };
    const waiting = work.add('w', (slot) => slot.freeDuring(() => waits.promise));
    await Promise.all(Array.from({ length: 8 }, (_, i) => work.add(`c${i}`, operation)));
    expect(most).toBe(2);
    waits.resolve();
    await waiting;
    await work.idle();
  });

  it('goes on with the next after one that threw', async () => {
    const work = new Work(1);
    const thrown = work.add('a', () => Promise.reject(new Error('no')));
    await expect(thrown).rejects.toThrow('no');
    await expect(work.add('a', async () => undefined)).resolves.toBeUndefined();
  });
});

describe('the lock of a container', () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'stasis-lock-'));
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  it('keeps a second one out until it is let go', async () => {
    const unlock = await lockContainer(dir, 'web-1', 0);
    expect(isLocked(dir, 'web-1')).toBe(true);
    await expect(lockContainer(dir, 'web-1', 30)).rejects.toMatchObject({ code: 'RuntimeTimeout' });
    unlock();
    expect(isLocked(dir, 'web-1')).toBe(false);
    (await lockContainer(dir, 'web-1', 0))();
  });

  it('is free once its owner has died', async () => {
    const script = `const { lockContainer } = await import(process.argv[1]); await lockContainer(process.argv[2], 'web-1', 0);
      console.log('held'); setInterval(() => {}, 1000);`;
    const argv = [
      '--no-warnings',
      '--input-type=module',
      '-e',
      script,
      join(import.meta.dirname, 'containerLock.ts'),
      dir,
    ];
    const child = spawn(process.execPath, argv, { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(child.stdout, 'data');
    await expect(lockContainer(dir, 'web-1', 0)).rejects.toMatchObject({ code: 'RuntimeTimeout' });
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
    (await lockContainer(dir, 'web-1', 1000))();
  });
});
