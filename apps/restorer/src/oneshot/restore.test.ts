import { randomInt } from 'node:crypto';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { sealImage, type ImageMeta, type Manifest } from '@stasis/image';
import { hostFacts } from '@stasis/runtime';
import {
  isRequired,
  lastCount,
  newestRunsc,
  openSandboxes,
  runProgram,
  testSpec,
  type Sandboxes,
} from '@stasis/runtime/test-kit';

const program = resolve(import.meta.dirname, '../../bin/restorer.mjs');
const checkpointer = resolve(import.meta.dirname, '../../../checkpointer/bin/checkpointer.mjs');
const found = newestRunsc();

describe.skipIf(found === undefined && !isRequired)('restorer restore', { timeout: 30_000 }, () => {
  let boxes: Sandboxes;
  /** A sealed image of `c1`, which has stopped and is removed; tests work on copies. */
  let original: string;
  let countInImage: number;
  let image: string;
  let bundle: string;
  let copies: string;

  beforeAll(async () => {
    boxes = await openSandboxes(found?.binary ?? 'runsc');
    original = join(boxes.directory, 'original');
    await boxes.start('c1');
    bundle = join(boxes.directory, 'bundle-c1');
    await boxes.countAbove(1);
    const words = ['--root', boxes.runtime.root, 'checkpoint', '--image-path', original, 'c1'];
    const { code, stderr } = await runProgram(checkpointer, words).ended;
    if (code !== 0) throw new Error(stderr);
    countInImage = lastCount(boxes.logFile);
    await boxes.runtime.delete('c1');
  });
  afterAll(() => boxes.close());
  beforeEach(() => {
    copies = mkdtempSync(join(tmpdir(), 'stasis-image-'));
    image = join(copies, 'image');
    cpSync(original, image, { recursive: true });
  });
  afterEach(async () => {
    for (const { id } of await boxes.runtime.list()) await boxes.runtime.delete(id);
    rmSync(copies, { recursive: true });
  });

  const run = (...words: string[]) => runProgram(program, ['--root', boxes.runtime.root, ...words]).ended;
  const restore = (...words: string[]) => run('restore', '--image-path', image, '--bundle', bundle, ...words);
  const lines = (text: string) => text.split('\n').filter((line) => line !== '');
  /** Refused in one line, and nothing was made. Returns those of `parts` that the line does not say. */
  const unsaid = async (...parts: string[]): Promise<string[]> => {
    const { code, stdout, stderr } = await restore('--detach', 'r1');
    expect([code, stdout]).toEqual([128, '']);
    expect(lines(stderr)).toHaveLength(1);
    expect(await boxes.runtime.list()).toEqual([]);
    return parts.filter((part) => !stderr.includes(part));
  };
  /** Seals the files again, with other facts about where they come from. */
  const resealed = async (change: (manifest: Manifest) => Partial<ImageMeta>): Promise<void> => {
    const { files, self, format, ...meta } = JSON.parse(readFileSync(join(image, 'manifest.json'), 'utf8')) as Manifest;
    expect([files.length, self.length, format]).toEqual([3, 71, 'stasis.image/v1']);
    rmSync(join(image, 'manifest.json'));
    await sealImage(image, { ...meta, ...change({ ...meta, files, self, format }) });
  };
  const flip = (name: string, at: number): void => {
    const bytes = readFileSync(join(image, name));
    bytes[at] = (bytes[at] ?? 0) ^ (1 << randomInt(8));
    writeFileSync(join(image, name), bytes);
  };

  it.each([
    ['no id', ['restore', '--image-path', 'x']],
    ['two ids', ['restore', '--image-path', 'x', 'a', 'b']],
    ['an unknown flag', ['restore', '--img', 'x', 'a']],
  ])('answers %s with its usage', async (_, words) => {
    const { code, stderr } = await run(...words);
    expect(code).toBe(128);
    expect(stderr).toContain('restore [flags] <container id> - restore saved state of container.');
  });

  it('asks for the image path', async () => {
    const { code, stderr } = await run('restore', 'r1');
    expect(code).toBe(128);
    expect(lines(stderr)).toEqual([expect.stringContaining('image-path flag must be provided')]);
  });

  it('goes on where the checkpoint was, on the stdout of the command, and passes the exit status on', async () => {
    const command = runProgram(program, [
      ...['--root', boxes.runtime.root, 'restore', '--image-path', image, '--bundle', bundle, '-work-path', '/x', 'r1'],
    ]);
    await expect
      .poll(async () => (await boxes.runtime.list()).map((one) => one.status), { timeout: 10_000 })
      .toEqual(['running']);
    await new Promise((wake) => setTimeout(wake, 400));
    await boxes.runtime.kill('r1');
    const { code, stdout, stderr } = await command.ended;
    expect([code, stderr]).toEqual([137, '']);
    expect(Number(/"count":(\d+)/u.exec(stdout)?.[1])).toBe(countInImage + 1);
  });

  it('returns with --detach once it runs; --background likewise; several from one image', async () => {
    expect((await restore('--detach', 'r1')).code).toBe(0);
    expect((await restore('--detach', '--background', 'r2')).code).toBe(0);
    await boxes.runtime.restored('r2', 10_000);
    expect((await boxes.runtime.list()).map(({ id, status }) => `${id} ${status}`).toSorted()).toEqual([
      'r1 running',
      'r2 running',
    ]);
  });

  it.each(['checkpoint.img', 'pages.img', 'pages_meta.img', 'manifest.json'])(
    'refuses IntegrityMismatch when a byte of %s is flipped, wherever it is',
    async (name) => {
      const { size } = statSync(join(image, name));
      for (const at of [0, randomInt(size), size - 1]) {
        flip(name, at);
        expect(await unsaid('IntegrityMismatch', name)).toEqual([]);
        cpSync(join(original, name), join(image, name));
      }
    },
  );

  it.each(['checkpoint.img', 'pages.img', 'pages_meta.img'])('refuses ImageIncomplete when %s is cut', async (name) => {
    truncateSync(join(image, name), statSync(join(image, name)).size - 1);
    expect(await unsaid('ImageIncomplete', name)).toEqual([]);
  });

  it.each(['checkpoint.img', 'pages.img', 'pages_meta.img'])(
    'refuses ImageIncomplete when %s is gone',
    async (name) => {
      rmSync(join(image, name));
      expect(await unsaid('ImageIncomplete', name)).toEqual([]);
    },
  );

  it('refuses a manifest that was edited, also where it still is a manifest', async () => {
    const file = join(image, 'manifest.json');
    writeFileSync(file, readFileSync(file, 'utf8').replace('"id":"c1"', '"id":"c2"'));
    expect(await unsaid('IntegrityMismatch', 'manifest.json')).toEqual([]);
  });

  it('refuses a file that the runtime would read and the manifest does not name', async () => {
    writeFileSync(join(image, 'fs.img'), 'x');
    expect(await unsaid('IntegrityMismatch', 'fs.img')).toEqual([]);
  });

  it('refuses RuntimeMismatch with both versions', async () => {
    await resealed(({ runtime }) => ({ runtime: { ...runtime, version: 'release-19700101.0' } }));
    expect(await unsaid('RuntimeMismatch', 'release-19700101.0', found?.version ?? '')).toEqual([]);
  });

  it('refuses CpuFeatureMissing with the features, and takes a CPU that has more', async () => {
    await resealed(({ host }) => ({ host: { ...host, cpuFeatures: [...host.cpuFeatures, 'zz_future', 'zz_other'] } }));
    expect(await unsaid('CpuFeatureMissing', 'zz_future, zz_other')).toEqual([]);
    await resealed(({ host }) => ({ host: { ...host, cpuFeatures: hostFacts().cpuFeatures.slice(1) } }));
    expect((await restore('--detach', 'r1')).code).toBe(0);
  });

  it.each(['running', 'stopped'])('refuses NameTaken for a %s container and leaves it alone', async (status) => {
    await restore('--detach', 'r1');
    if (status === 'stopped') await boxes.runtime.kill('r1');
    const holder = await boxes.runtime.load('r1');
    const { code, stderr } = await restore('--detach', 'r1');
    expect(code).toBe(128);
    expect(lines(stderr)).toEqual([expect.stringContaining('NameTaken')]);
    expect(await boxes.runtime.load('r1')).toEqual(holder);
  });

  it('refuses SpecMismatch and names each field by its JSON pointer', async () => {
    const spec = testSpec();
    const changed = { ...spec, process: { ...spec.process, args: ['sh', '-c', 'true'], cwd: '/tmp' } };
    bundle = boxes.bundle('changed', changed);
    expect(await unsaid('SpecMismatch', '/process/args/2', '/process/cwd')).toEqual([]);
    bundle = join(boxes.directory, 'bundle-c1');
  });

  it('lets env, hostname and cgroups path change, with a warning where the process will not see it', async () => {
    const spec = testSpec();
    const changed = {
      ...spec,
      hostname: 'other',
      process: { ...spec.process, env: ['PATH=/usr/bin'] },
      linux: { ...spec.linux, cgroupsPath: '/other' },
    };
    bundle = boxes.bundle('allowed', changed);
    const { code, stderr } = await restore('--detach', 'r1');
    bundle = join(boxes.directory, 'bundle-c1');
    expect(code).toBe(0);
    expect(lines(stderr)).toEqual([
      expect.stringMatching(/^warning: \/hostname/u),
      expect.stringMatching(/^warning: .*PATH in \/process\/env/u),
    ]);
    expect((await boxes.runtime.load('r1')).status).toBe('running');
  });

  it('restores an image of plain runsc after the checks that can be made, and warns', async () => {
    rmSync(join(image, 'manifest.json'));
    const { code, stderr } = await restore('--detach', 'r1');
    expect(code).toBe(0);
    expect(lines(stderr)).toEqual([expect.stringMatching(/^warning: .*no manifest.json.*unverified/u)]);
    expect((await boxes.runtime.load('r1')).status).toBe('running');
  });

  it.each(['checkpoint.img', 'pages.img', 'pages_meta.img'])('refuses one whose %s is cut', async (name) => {
    rmSync(join(image, 'manifest.json'));
    truncateSync(join(image, name), statSync(join(image, name)).size - 1);
    expect(await unsaid('ImageIncomplete', name)).toEqual([]);
  });

  it('says which file is missing when the bundle has no config.json', async () => {
    const { code, stderr } = await run('restore', '--image-path', image, '--bundle', copies, 'r1');
    expect(code).toBe(128);
    expect(lines(stderr)).toEqual([expect.stringContaining(join(copies, 'config.json'))]);
    expect(readdirSync(image)).toHaveLength(4);
  });
});
