import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, open, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkCompleteness } from './checkCompleteness.ts';
import { readHeader } from './readHeader.ts';
import { sealImage } from './sealImage.ts';
import { sampleMeta } from './synthetic/index.ts';
import { verifyImage } from './verifyImage.ts';

const run = promisify(execFile);

/** The runsc that is named and the checkout's own; else the one in PATH. */
const present = (files: readonly (string | undefined)[]): string[] => [
  ...new Set(files.filter((file): file is string => file !== undefined && file !== '' && existsSync(file))),
];
const own = present([process.env['STASIS_RUNSC'], path.resolve(import.meta.dirname, '../../../.stasis/bin/runsc')]);
const inPath = present((process.env['PATH'] ?? '').split(path.delimiter).map((dir) => path.join(dir, 'runsc')));
const binaries = own.length > 0 ? own : inPath.slice(0, 1);
const usable = binaries.length > 0 && process.getuid?.() === 0;
const reason = binaries.length === 0 ? 'no runsc on this machine: set STASIS_RUNSC' : 'a sandbox needs root here';

it('looks at images of a real runsc', (context) => {
  if (!usable && process.env['CI'] !== 'true') context.skip(reason);
  expect(usable ? 'usable' : reason).toBe('usable');
});

describe.each(usable ? binaries : [])('images of %s', (binary) => {
  let work: string;
  let flags: string[];
  let canChoose: boolean;
  const runsc = (...args: string[]) => run(binary, [...flags, ...args], { timeout: 60_000 });

  beforeAll(async () => {
    work = await mkdtemp(path.join(tmpdir(), 'stasis-image-'));
    const help = await run(binary, ['help', 'checkpoint']);
    canChoose = `${help.stdout}${help.stderr}`.includes('compression');
    flags = [`--platform=${canChoose ? 'systrap' : 'ptrace'}`, '--network=none', '--ignore-cgroups', '--root', work];
    await mkdir(path.join(work, 'bundle'));
    await writeFile(path.join(work, 'bundle', 'config.json'), JSON.stringify(config));
    // Its stdio is a file: the sandbox keeps it open, and a pipe would keep this process waiting.
    const log = await open(path.join(work, 'log'), 'a');
    const child = spawn(binary, [...flags, 'run', '-detach', '-bundle', path.join(work, 'bundle'), 'image'], {
      stdio: ['ignore', log.fd, log.fd],
    });
    const [code] = await once(child, 'exit');
    await log.close();
    if (code !== 0) throw new Error(`runsc run: ${await readFile(path.join(work, 'log'), 'utf8')}`);
  }, 60_000);

  afterAll(async () => {
    await runsc('delete', '-force', 'image');
    // The 2026 build keeps an empty network namespace mounted in its root.
    const netns = path.join(work, 'null-netns');
    if ((await readFile('/proc/self/mounts', 'utf8')).includes(` ${netns} `)) await run('umount', [netns]);
    await rm(work, { recursive: true, force: true });
  });

  it('are found whole, sealed and verified, and no shorter length of any file is', { timeout: 120_000 }, async () => {
    for (const compression of canChoose ? ['none', 'flate-best-speed'] : ['flate-best-speed']) {
      const dir = path.join(work, `image-${compression}`);
      await runsc(
        'checkpoint',
        ...(canChoose ? ['-leave-running', '-compression', compression] : []),
        '-image-path',
        dir,
        'image',
      );
      const found = await checkCompleteness(dir);
      expect(found.exact).toBe(true);
      expect(found.pageBytes).toBeGreaterThan(4096);
      expect((await readHeader(path.join(dir, 'checkpoint.img'))).compression).toBe(compression);
      const { manifest, manifestDigest } = await sealImage(dir, sampleMeta);
      expect((await verifyImage(dir, manifestDigest)).manifest).toEqual(manifest);
      for (const { name, size } of manifest.files) {
        const file = path.join(dir, name);
        const whole = await readFile(file);
        const lengths = [size - 1, size - 4096, Math.floor(size / 2), Math.floor(size / 10), 100, 16, 0];
        for (const length of lengths.filter((one) => one >= 0)) {
          await truncate(file, length);
          await expect(checkCompleteness(dir)).rejects.toMatchObject({
            code: 'ImageIncomplete',
            message: expect.stringMatching(new RegExp(`^${name} `)),
          });
        }
        // As long as before and all zero, as after a crash on some file systems: only the digest tells for pages.img.
        await truncate(file, size);
        await expect(verifyImage(dir)).rejects.toMatchObject({
          code: 'IntegrityMismatch',
          message: expect.stringMatching(new RegExp(`^${name} `)),
        });
        await writeFile(file, whole);
      }
      expect(await checkCompleteness(dir)).toEqual(found);
    }
  });
});

const config = {
  ociVersion: '1.0.0',
  process: { user: { uid: 0, gid: 0 }, args: ['/bin/sleep', '1000'], env: ['PATH=/usr/bin:/bin'], cwd: '/' },
  root: { path: '/', readonly: true },
  mounts: [
    { destination: '/proc', type: 'proc' },
    { destination: '/tmp', type: 'tmpfs' },
  ],
  linux: { namespaces: [{ type: 'pid' }, { type: 'mount' }] },
};
