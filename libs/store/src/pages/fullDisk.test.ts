import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sealSampleImage } from '@stasis/image/synthetic';
import { sealRandomImage } from './testImages.ts';

const run = promisify(execFile);

/** Mounts a small file system in namespaces of its own, so that it is gone with the process, and runs a script there. */
async function onSmallDisk(limit: string, mountPoint: string, script: string, ...args: string[]): Promise<unknown> {
  const program = `
    import { execFileSync } from 'node:child_process';
    import { readdirSync } from 'node:fs';
    import { openStore } from ${JSON.stringify(new URL('../openStore.ts', import.meta.url).href)};
    const [limit, mountPoint, ...args] = process.argv.slice(1);
    execFileSync('mount', ['-t', 'tmpfs', '-o', limit, 'tmpfs', mountPoint]);
    const failure = (error) => ({ code: error.code, message: error.message });
    ${script}
  `;
  const { stdout } = await run('unshare', [
    ...['--user', '--map-root-user', '--mount', process.execPath],
    ...['--input-type=module', '--eval', program, limit, mountPoint, ...args],
  ]);
  return JSON.parse(stdout);
}

const namespaces = await run('unshare', ['--user', '--map-root-user', '--mount', 'true']).then(
  () => true,
  () => false,
);

describe('the directory store on a disk that gets full', { timeout: 60_000 }, () => {
  const id = 'ckp_01jd0000000000000000000001';
  let work: string;
  let small: string;
  let image: string;
  beforeEach(async () => {
    work = await mkdtemp(join(tmpdir(), 'stasis-store-'));
    small = join(work, 'small');
    image = join(work, 'image');
    await mkdir(small);
  });
  afterEach(() => rm(work, { recursive: true, force: true }));

  it('can be tried on this machine', (context) => {
    const reason = 'user namespaces are not allowed here, so no small file system can be mounted';
    if (!namespaces && process.env['CI'] !== 'true') context.skip(reason);
    expect(namespaces ? 'tried' : reason).toBe('tried');
  });

  it.runIf(namespaces)('says NoSpace of a put and keeps nothing of it', async () => {
    await sealRandomImage(image, 4 << 20);
    const script = `
      const store = await openStore(args[0], { STASIS_STORE_KEY: args.at(-1) });
      const error = await store.put(args[1], args[2]).catch(failure);
      const names = readdirSync(mountPoint, { recursive: true }).toSorted();
      console.log(JSON.stringify({ error, names, stat: await store.stat(args[1]) ?? null, list: await store.list() }));`;
    expect(
      await onSmallDisk(
        'size=1m',
        small,
        script,
        pathToFileURL(join(small, 'store')).href,
        id,
        image,
        join(work, 'key'),
      ),
    ).toEqual({
      error: { code: 'NoSpace', message: expect.stringContaining(id) },
      names: ['store', 'store/images', 'store/packs', 'store/tmp'],
      stat: null,
      list: [],
    });
  });

  it.runIf(namespaces)('says NoSpace of a get and leaves no directory', async () => {
    const { manifestDigest } = await sealRandomImage(image, 4 << 20);
    const script = `
      const store = await openStore(args[0], { STASIS_STORE_KEY: args.at(-1) });
      await store.put(args[1], args[2]);
      const error = await store.get(args[1], mountPoint + '/out', args[3]).catch(failure);
      console.log(JSON.stringify({ error, names: readdirSync(mountPoint) }));`;
    const url = pathToFileURL(join(work, 'store')).href;
    expect(await onSmallDisk('size=1m', small, script, url, id, image, manifestDigest, join(work, 'key'))).toEqual({
      error: { code: 'NoSpace', message: expect.stringContaining(id) },
      names: [],
    });
  });

  it.runIf(namespaces)('says NoSpace where no file can be made any more', async () => {
    await sealSampleImage(image);
    const script = `
      const store = await openStore(args[0], { STASIS_STORE_KEY: args.at(-1) });
      console.log(JSON.stringify(await store.put(args[1], args[2]).catch(failure)));`;
    const url = pathToFileURL(join(small, 'store')).href;
    for (const inodes of [3, 4, 5, 6])
      expect(await onSmallDisk(`nr_inodes=${inodes}`, small, script, url, id, image, join(work, 'key'))).toMatchObject({
        code: 'NoSpace',
      });
  });
});
