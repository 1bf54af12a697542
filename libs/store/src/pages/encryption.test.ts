import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { pageSize } from './format.ts';
import { decodeImageHead, rewrapImage } from './imageObject.ts';
import { makeKeyFile, readKeyFile } from './keyFile.ts';
import { openPageStore, type PageStore } from './pageStore.ts';
import { sealPages } from './testImages.ts';

describe('a store with a key', { timeout: 60_000 }, () => {
  const id = 'ckp_1';
  const page = Buffer.from('a page that says who it is. '.repeat(200)).subarray(0, pageSize);
  let work: string;
  let key: string;
  let digest: string;
  const open = (keyFile = key): PageStore =>
    openPageStore(pathToFileURL(join(work, 'store')).href, { STASIS_STORE_KEY: keyFile });

  beforeEach(async () => {
    work = await mkdtemp(join(tmpdir(), 'stasis-store-'));
    key = join(work, 'key');
    const pages = Buffer.concat([page, randomBytes(64 * pageSize)]);
    digest = (await sealPages(join(work, 'image'), pages)).manifestDigest;
    await open().put(id, join(work, 'image'));
  });
  afterEach(() => rm(work, { recursive: true, force: true }));

  const stored = async (): Promise<Buffer> => {
    const parts: Buffer[] = [];
    for (const dir of ['images', 'packs'])
      for (const name of await readdir(join(work, 'store', dir)))
        parts.push(await readFile(join(work, 'store', dir, name)));
    return Buffer.concat(parts);
  };

  it('holds no byte of the memory, nor of the manifest, that could be recognised', async () => {
    const bytes = await stored();
    for (const words of ['a page that', 'web-1', 'stasis.image', 'pages.img', 'gVisorSF'])
      expect([words, bytes.includes(words)]).toEqual([words, false]);
  });

  it('makes its key file once, for this user alone', async () => {
    const made = await Promise.all(Array.from({ length: 8 }, () => makeKeyFile(join(work, 'fresh'))));
    for (const ring of made) expect(ring).toEqual(made[0]);
    expect(((await stat(join(work, 'fresh'))).mode & 0o777).toString(8)).toBe('600');
    expect((await readdir(work)).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  it.each([
    ['readable by others', async () => chmod(key, 0o644)],
    ['empty', async () => writeFile(key, '')],
    ['of another kind', async () => writeFile(key, 'secret\n')],
  ])('refuses a key file that is %s', async (_, spoil) => {
    await spoil();
    await expect(open().verify(id, digest)).rejects.toMatchObject({ code: 'ConfigInvalid' });
  });

  it('names the key that an image needs when it is not at hand', async () => {
    const head = decodeImageHead(await readFile(join(work, 'store', 'images', id)), id);
    await makeKeyFile(join(work, 'other'));
    const fault = { code: 'ConfigInvalid', message: expect.stringContaining(head.keyId!) };
    await expect(open(join(work, 'other')).verify(id, digest)).rejects.toMatchObject(fault);
    await expect(open(join(work, 'none')).verify(id, digest)).rejects.toMatchObject({ code: 'ConfigInvalid' });
  });

  it('opens with any key of the file, and is wrapped anew without a change of what it holds', async () => {
    const old = await readFile(key, 'utf8');
    await writeFile(key, `${randomBytes(32).toString('hex')}\n${old}`);
    await open().verify(id, digest);
    const ring = (await readKeyFile(key))!;
    const path = join(work, 'store', 'images', id);
    const before = await readFile(path);
    const after = rewrapImage(before, id, ring);
    await writeFile(path, after);
    await writeFile(key, `${Buffer.from(ring[0]).toString('hex')}\n`);
    await open().verify(id, digest);
    expect(decodeImageHead(after, id).keyId).not.toBe(decodeImageHead(before, id).keyId);
  });

  it('never seals two images with the same bytes, though they hold the same', async () => {
    await open().put('ckp_2', join(work, 'image'));
    const objects = await Promise.all(['ckp_1', 'ckp_2'].map((name) => readFile(join(work, 'store', 'images', name))));
    expect(objects[0]!.subarray(60).equals(objects[1]!.subarray(60))).toBe(false);
    const [one, two] = await Promise.all(
      (await readdir(join(work, 'store', 'packs'))).map((name) => readFile(join(work, 'store', 'packs', name))),
    );
    expect(one!.subarray(32, 4096).equals(two!.subarray(32, 4096))).toBe(false);
  });

  it.each([
    ['a version of later', 8],
    ['a flag of later', 10],
  ])('refuses %s in words', async (_, at) => {
    const path = join(work, 'store', 'images', id);
    const bytes = await readFile(path);
    bytes.writeUInt8(7, at);
    const { hash } = await import('node:crypto');
    bytes.set(hash('sha256', bytes.subarray(0, -32), 'buffer'), bytes.length - 32);
    await writeFile(path, bytes);
    await expect(open().verify(id, digest)).rejects.toMatchObject({
      code: 'NotSupported',
      message: expect.stringContaining('which this version does not know'),
    });
  });
});
