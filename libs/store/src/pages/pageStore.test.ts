import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, stat, truncate, utimes, writeFile, mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sealRandomImage } from './testImages.ts';
import { sealSampleImage } from '@stasis/image/synthetic';
import { testImageStore } from '../contract.ts';
import { damagePages } from './damage.ts';
import { openStore } from '../openStore.ts';
import type { ImageStore } from '../port.ts';

for (const plain of ['0', '1'])
  testImageStore(plain === '1' ? 'pages, plain' : 'pages, encrypted', async () => {
    const root = await mkdtemp(join(tmpdir(), 'stasis-store-'));
    const keyFile = join(root, 'key');
    const env = { STASIS_STORE_KEY: keyFile, STASIS_STORE_PLAIN: plain, STASIS_STORE_CORES: '2' };
    return {
      store: await openStore(pathToFileURL(join(root, 'store')).href, env),
      damage: (how, id, file, otherId) => damagePages(join(root, 'store'), keyFile, how, id, file, otherId),
      close: () => rm(root, { recursive: true, force: true }),
    };
  });

describe('the directory store', { timeout: 60_000 }, () => {
  const id = 'ckp_01jd0000000000000000000001';
  let work: string;
  let root: string;
  let store: ImageStore;
  beforeEach(async () => {
    work = await mkdtemp(join(tmpdir(), 'stasis-store-'));
    root = join(work, 'store');
    store = await openStore(pathToFileURL(root).href, { STASIS_STORE_KEY: join(work, 'key') });
  });
  afterEach(() => rm(work, { recursive: true, force: true }));

  it('keeps directories 0700 and files 0600, the key file too', async () => {
    await sealSampleImage(join(work, 'image'));
    await store.put(id, join(work, 'image'));
    const modeOf = async (path: string) => ((await stat(path)).mode & 0o777).toString(8);
    for (const dir of ['', 'images', 'packs', 'tmp'])
      expect([dir, await modeOf(join(root, dir))]).toEqual([dir, '700']);
    const files = [join(root, 'images', id), join(work, 'key')];
    for (const pack of await readdir(join(root, 'packs'))) files.push(join(root, 'packs', pack));
    expect(files).toHaveLength(3);
    for (const file of files) expect([file, await modeOf(file)]).toEqual([file, '600']);
  });

  it('leaves no temporary file, whether a put succeeds or fails', async () => {
    const { manifest } = await sealSampleImage(join(work, 'image'));
    await store.put(id, join(work, 'image'));
    await truncate(join(work, 'image', 'pages.img'), 1);
    await expect(store.put('other', join(work, 'image'))).rejects.toMatchObject({ code: 'ImageIncomplete' });
    expect(manifest.files).toHaveLength(3);
    expect(await readdir(join(root, 'tmp'))).toEqual([]);
  });

  it('shows nothing of a put that was killed midway, and takes the image afterwards', async () => {
    const image = join(work, 'image');
    const { manifestDigest } = await sealRandomImage(image, 64 << 20);
    const child = spawn(
      process.execPath,
      [
        '--input-type=module',
        '-e',
        `import { openStore } from ${JSON.stringify(new URL('../openStore.ts', import.meta.url).href)};
         await (await openStore(process.argv[1], process.env)).put(process.argv[2], process.argv[3]);`,
        store.url,
        id,
        image,
      ],
      { stdio: 'ignore', env: { ...process.env, STASIS_STORE_KEY: join(work, 'key') } },
    );
    const ended = once(child, 'exit');
    for (;;) {
      const begun = await readdir(join(root, 'tmp')).catch(() => []);
      if (begun.length > 0 || child.exitCode !== null) break;
      await new Promise((resolve) => setImmediate(resolve));
    }
    child.kill('SIGKILL');
    expect((await ended)[1]).toBe('SIGKILL');
    expect(await readdir(join(root, 'tmp'))).toHaveLength(1);
    expect(await store.list()).toEqual([]);
    expect(await store.stat(id)).toBeUndefined();
    await expect(store.get(id, join(work, 'out'), manifestDigest)).rejects.toMatchObject({
      code: 'CheckpointNotFound',
    });
    await store.put(id, image);
    await store.verify(id, manifestDigest);
  });

  it('sweeps what a put of yesterday left, and not what one of now is writing', async () => {
    await sealSampleImage(join(work, 'image'));
    await store.ping();
    await mkdir(join(root, 'tmp', 'old'));
    await mkdir(join(root, 'tmp', 'new'));
    const yesterday = new Date(Date.now() - 25 * 3_600_000);
    await utimes(join(root, 'tmp', 'old'), yesterday, yesterday);
    await store.put(id, join(work, 'image'));
    expect(await readdir(join(root, 'tmp'))).toEqual(['new']);
  });

  it('is StoreUnavailable where its directory cannot be', async () => {
    await writeFile(join(work, 'file'), 'x');
    const broken = await openStore(pathToFileURL(join(work, 'file')).href, { STASIS_STORE_KEY: join(work, 'key') });
    await sealSampleImage(join(work, 'image'));
    await expect(broken.ping()).rejects.toMatchObject({ code: 'StoreUnavailable' });
    await expect(broken.put(id, join(work, 'image'))).rejects.toMatchObject({ code: 'StoreUnavailable' });
    await expect(broken.list()).rejects.toMatchObject({ code: 'StoreUnavailable' });
  });
});

describe('openStore', () => {
  it.each(['', 'not a url', 's4://bucket/x', 'http://example.test/', 'file://otherhost/x'])(
    'refuses %j naming the setting',
    async (url) => {
      await expect(openStore(url)).rejects.toMatchObject({
        code: 'ConfigInvalid',
        message: expect.stringContaining('STASIS_STORE'),
      });
    },
  );
});
