import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statfsSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { verifyImage } from '@stasis/image';
import {
  heavyCounter,
  isRequired,
  isRoot,
  lastCount,
  newestRunsc,
  openSandboxes,
  runProgram,
  type Sandboxes,
} from '@stasis/runtime/test-kit';

const program = resolve(import.meta.dirname, '../../bin/checkpointer.mjs');
const found = newestRunsc();

// Those that need a disk of a size of their own mount one, which takes root.
describe.skipIf(found === undefined && !isRequired)('checkpointer checkpoint', { timeout: 30_000 }, () => {
  let boxes: Sandboxes;
  let image: string;

  beforeEach(async () => {
    boxes = await openSandboxes(found?.binary ?? 'runsc');
    image = join(boxes.directory, 'image');
  });
  afterEach(() => boxes.close());

  const run = (...words: string[]) => runProgram(program, ['--root', boxes.runtime.root, ...words]).ended;
  const status = async (id = 'c1') => (await boxes.runtime.load(id)).status;
  const lines = (text: string) => text.split('\n').filter((line) => line !== '');

  it.each([
    ['no id', ['checkpoint', '--image-path', 'x']],
    ['two ids', ['checkpoint', '--image-path', 'x', 'a', 'b']],
    ['an unknown flag', ['checkpoint', '--image-pth', 'x', 'a']],
    ['a value that compression does not know', ['checkpoint', '--compression', 'zip', '--image-path', 'x', 'a']],
  ])('answers %s with its usage', async (_, words) => {
    const { code, stdout, stderr } = await run(...words);
    expect([code, stdout]).toEqual([128, '']);
    expect(stderr).toContain('checkpoint [flags] <container id> - save current state of container.');
  });

  it('answers no subcommand and an unknown one with the usage of all', async () => {
    for (const words of [[], ['chekpoint']]) {
      const { code, stderr } = await run(...words);
      expect(code).toBe(128);
      expect(stderr).toContain('checkpointer [--root DIR] [--runsc PATH] <subcommand>');
    }
  });

  it('looks for the container first, and makes no directory for one that is not there', async () => {
    const { code, stderr } = await run('checkpoint', '--image-path', image, 'nope');
    expect(code).toBe(128);
    expect(lines(stderr)).toEqual([expect.stringMatching(/^loading container: .*nope/u)]);
    expect(stderr).toContain(boxes.runtime.root);
    expect(stderr).toContain('ContainerNotFound');
    expect(existsSync(image)).toBe(false);
  });

  it('asks for the image path once the container is found', async () => {
    await boxes.start('c1');
    const { code, stderr } = await run('checkpoint', 'c1');
    expect(code).toBe(128);
    expect(lines(stderr)).toEqual([expect.stringContaining('image-path flag must be provided')]);
    expect(await status()).toBe('running');
  });

  it('stops the container with a whole, sealed image in a directory made with its parents', async () => {
    await boxes.start('c1');
    await boxes.countAbove(1);
    const deep = join(image, 'a', 'b');
    const { code, stdout, stderr } = await run('checkpoint', `-image-path=${deep}`, '-work-path', '/nowhere', 'c1');
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: '', stderr: '' });
    expect([statSync(join(image, 'a')).mode & 0o777, statSync(deep).mode & 0o777]).toEqual([0o755, 0o755]);
    expect(readdirSync(deep).toSorted()).toEqual(['checkpoint.img', 'manifest.json', 'pages.img', 'pages_meta.img']);
    const { manifest } = await verifyImage(deep);
    expect(manifest).toMatchObject({
      container: { id: 'c1' },
      compression: 'none',
      runtime: { version: found?.version },
    });
    expect(manifest.spec.process?.args?.[0]).toBe('sh');
    expect(await status()).toBe('stopped');
    const held = lastCount(boxes.logFile);
    await sleep(250);
    expect(lastCount(boxes.logFile)).toBe(held);
  });

  it('runs on no count after its image: what the log ends with is what a restore goes on from', async () => {
    await boxes.start('c1');
    await boxes.countAbove(2);
    await run('checkpoint', '--image-path', image, 'c1');
    const held = lastCount(boxes.logFile);
    await boxes.runtime.delete('c1');
    writeFileSync(boxes.logFile, '');
    const bundle = join(boxes.directory, 'bundle-c1');
    const { logFile } = boxes;
    await boxes.runtime.restore({ id: 'c1', bundle, imageDir: image, logFile, background: false, timeoutMs: 10_000 });
    await boxes.countAbove(0);
    expect(Number(/"count":(\d+)/u.exec(readFileSync(logFile, 'utf8'))?.[1])).toBe(held + 1);
  });

  it('goes on under the same id with --leave-running, and takes a second one elsewhere', async () => {
    const started = await boxes.start('c1');
    await boxes.countAbove(0);
    expect((await run('checkpoint', '--leave-running', '--image-path', image, 'c1')).code).toBe(0);
    expect(await boxes.runtime.load('c1')).toEqual(started);
    await boxes.countAbove(lastCount(boxes.logFile));
    expect((await run('checkpoint', '--leave-running', '--image-path', `${image}-2`, 'c1')).code).toBe(0);
    await verifyImage(`${image}-2`);
  });

  it('refuses ImageExists where an image is, and leaves it byte for byte', async () => {
    await boxes.start('c1');
    mkdirSync(image);
    writeFileSync(join(image, 'checkpoint.img'), 'old');
    const before = statSync(join(image, 'checkpoint.img'), { bigint: true });
    const { code, stderr } = await run('checkpoint', '--image-path', image, 'c1');
    expect(code).toBe(128);
    expect(lines(stderr)).toEqual([expect.stringContaining('ImageExists')]);
    expect(stderr).toContain(join(image, 'checkpoint.img'));
    expect(readdirSync(image)).toEqual(['checkpoint.img']);
    expect(readFileSync(join(image, 'checkpoint.img'), 'utf8')).toBe('old');
    expect(statSync(join(image, 'checkpoint.img'), { bigint: true }).mtimeNs).toBe(before.mtimeNs);
    expect(await status()).toBe('running');
  });

  it('refuses ContainerNotRunning for a stopped one, and makes no directory', async () => {
    await boxes.start('c1');
    await boxes.runtime.kill('c1');
    const { code, stderr } = await run('checkpoint', '--image-path', image, 'c1');
    expect(code).toBe(128);
    expect(lines(stderr)).toEqual([expect.stringContaining('cannot checkpoint container "c1" in state stopped')]);
    expect(stderr).toContain('ContainerNotRunning');
    expect(existsSync(image)).toBe(false);
  });

  it('refuses one whose sandbox is dead though the state file says running', async () => {
    const { sandboxPid } = await boxes.start('c1');
    process.kill(sandboxPid ?? 0, 'SIGKILL');
    await expect.poll(() => status()).toBe('stopped');
    const file = join(boxes.runtime.root, 'c1_sandbox:c1.state');
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ status: 'running' });
    const { code, stderr } = await run('checkpoint', '--image-path', image, 'c1');
    expect(code).toBe(128);
    expect(stderr).toContain('cannot checkpoint container "c1" in state stopped');
  });

  it.each(['none', 'flate-best-speed'] as const)('honours --compression %s', async (compression) => {
    await boxes.start('c1');
    const { code } = await run(
      'checkpoint',
      '--compression',
      compression,
      '--image-path',
      image,
      '--leave-running',
      'c1',
    );
    expect(code).toBe(0);
    expect((await verifyImage(image)).manifest.compression).toBe(compression);
    expect(existsSync(join(image, 'pages.img'))).toBe(compression === 'none');
  });

  it('writes to another file system', async () => {
    await boxes.start('c1');
    const elsewhere = mkdtempSync('/dev/shm/stasis-');
    try {
      expect(statSync(elsewhere).dev).not.toBe(statSync(boxes.directory).dev);
      expect((await run('checkpoint', '--image-path', elsewhere, 'c1')).code).toBe(0);
      await verifyImage(elsewhere);
    } finally {
      rmSync(elsewhere, { recursive: true });
    }
  });

  it('says in one line that the image path cannot be made', async () => {
    await boxes.start('c1');
    writeFileSync(image, 'a file');
    const { code, stderr } = await run('checkpoint', '--image-path', join(image, 'x'), 'c1');
    expect(code).toBe(128);
    expect(lines(stderr)).toEqual([expect.stringMatching(/^making directories at path provided: /u)]);
  });

  it.skipIf(!isRoot)('says NoSpace where not even the attempt can begin', async () => {
    await boxes.start('c1');
    mkdirSync(image);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'nr_inodes=1', 'tmpfs', image]);
    const { code, stderr } = await run('checkpoint', '--image-path', image, 'c1');
    expect(code).toBe(128);
    expect(lines(stderr)).toEqual([expect.stringContaining('NoSpace')]);
    expect(await status()).toBe('running');
  });

  it.skipIf(!isRoot)('leaves nothing on a full disk, says NoSpace, and succeeds once there is room', async () => {
    await boxes.start('c1', heavyCounter(32));
    await boxes.countAbove(0);
    mkdirSync(image);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=16m', 'tmpfs', image]);
    const { code, stderr } = await run('checkpoint', '--image-path', image, 'c1');
    expect(code).toBe(128);
    expect(lines(stderr)).toEqual([expect.stringContaining('NoSpace')]);
    expect(stderr).toContain('container "c1" is running');
    expect(readdirSync(image)).toEqual([]);
    // The sandbox of 2026 keeps the files of a failed capture open: removing them alone would not free their space.
    const { blocks, bfree } = statfsSync(image);
    expect(blocks - bfree).toBe(0);
    expect(await status()).toBe('running');
    execFileSync('mount', ['-o', 'remount,size=256m', image]);
    expect((await run('checkpoint', '--image-path', image, 'c1')).code).toBe(0);
    await verifyImage(image);
  });
});
