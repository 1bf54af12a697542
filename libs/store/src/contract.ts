import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { verifyImage } from '@stasis/image';
import { sealSampleImage } from '@stasis/image/synthetic';
import type { ImageStore } from './port.ts';

/** What can happen to bytes behind the back of a store. */
export type Damage = 'cut' | 'flipped' | 'missing' | 'swapped';

/** One empty store, and the means to harm what it keeps. */
export interface StoreUnderTest {
  readonly store: ImageStore;
  /**
   * Does this to the kept bytes of one file of a stored image; `swapped` trades two images' files of that name. Returns
   * the words by which a failure must name what was harmed: the object, since other files may be in it as well.
   */
  damage(how: Damage, id: string, file: string, otherId: string): Promise<string>;
  close(): Promise<void>;
}

const id = 'ckp_01jd0000000000000000000001';
const otherId = 'ckp_01jd0000000000000000000002';

/** What every image store promises (port.ts), as sentences. */
export function testImageStore(name: string, make: () => Promise<StoreUnderTest>): void {
  describe(`the image store: ${name}`, { timeout: 60_000 }, () => {
    let work: string;
    let made: StoreUnderTest;
    let store: ImageStore;

    beforeEach(async () => {
      work = await mkdtemp(join(tmpdir(), 'stasis-store-work-'));
      made = await make();
      store = made.store;
    });
    afterEach(async () => {
      await made.close();
      await rm(work, { recursive: true, force: true });
    });

    const image = async (fill = 1) => {
      const dir = join(work, `image-${fill}`);
      return { dir, ...(await sealSampleImage(dir, fill)) };
    };

    it('gives back what was put, byte for byte', async () => {
      const { dir, manifest, manifestDigest, bytes } = await image();
      const put = await store.put(id, dir);
      expect(put.bytesNew).toBeGreaterThan(0);
      expect(await store.verify(id, manifestDigest)).toMatchObject({ bytes });
      expect(await store.get(id, join(work, 'out'), manifestDigest)).toEqual(manifest);
      for (const file of await readdir(dir))
        expect([file, await readFile(join(work, 'out', file))]).toEqual([file, await readFile(join(dir, file))]);
      expect(await verifyImage(join(work, 'out'), manifestDigest)).toMatchObject({ bytes });
    });

    it('says what it holds', async () => {
      expect(await store.list()).toEqual([]);
      expect(await store.stat(id)).toBeUndefined();
      const first = await image(1);
      const second = await image(2);
      await store.put(otherId, second.dir);
      await store.put(id, first.dir);
      expect(await store.list()).toEqual([id, otherId]);
      expect(await store.stat(id)).toEqual({ manifestDigest: first.manifestDigest, bytes: first.bytes });
    });

    it('keeps nothing new when the same image is put again', async () => {
      const { dir, manifestDigest } = await image();
      const first = await store.put(id, dir);
      expect(await store.put(id, dir)).toMatchObject({ bytesNew: 0, bytesShared: first.bytesNew + first.bytesShared });
      await store.verify(id, manifestDigest);
    });

    it('takes two puts of the same image at once', async () => {
      const { dir, manifestDigest } = await image();
      await Promise.all([store.put(id, dir), store.put(id, dir), store.put(id, dir)]);
      await store.verify(id, manifestDigest);
      expect(await store.list()).toEqual([id]);
    });

    it('refuses another image under the same id and keeps the first', async () => {
      const first = await image(1);
      await store.put(id, first.dir);
      await expect(store.put(id, (await image(2)).dir)).rejects.toMatchObject({ code: 'ImageExists' });
      await store.verify(id, first.manifestDigest);
    });

    it.each(['cut', 'flipped', 'missing', 'swapped'] as const)(
      'names image, file and object when a kept file was %s, in verify and in get, and get leaves nothing',
      async (how) => {
        const { dir, manifestDigest } = await image(1);
        await store.put(id, dir);
        await store.put(otherId, (await image(2)).dir);
        const object = await made.damage(how, id, 'pages.img', otherId);
        const file = how === 'cut' || how === 'flipped' ? 'pages\\.img' : '[a-z_]+\\.img';
        const fault = {
          code: how === 'cut' || how === 'missing' ? 'ImageIncomplete' : 'IntegrityMismatch',
          message: expect.stringMatching(new RegExp(`${id}.*${file}.*${object}`)),
        };
        await expect(store.verify(id, manifestDigest)).rejects.toMatchObject(fault);
        await expect(store.get(id, join(work, 'out'), manifestDigest)).rejects.toMatchObject(fault);
        expect((await readdir(work)).toSorted()).toEqual(['image-1', 'image-2']);
      },
    );

    it.each(['cut', 'flipped', 'missing', 'swapped'] as const)('notices a manifest that was %s', async (how) => {
      const { dir, manifestDigest } = await image(1);
      await store.put(id, dir);
      await store.put(otherId, (await image(2)).dir);
      await made.damage(how, id, 'manifest.json', otherId);
      await expect(store.verify(id, manifestDigest)).rejects.toMatchObject({
        code: how === 'missing' ? 'ImageIncomplete' : 'IntegrityMismatch',
        message: expect.stringMatching(new RegExp(`${id}.*manifest\\.json`)),
      });
      await expect(store.get(id, join(work, 'out'), manifestDigest)).rejects.toMatchObject({
        message: expect.stringMatching(new RegExp(`${id}.*manifest\\.json`)),
      });
    });

    it('refuses to give an image for another than the recorded manifest digest', async () => {
      await store.put(id, (await image(1)).dir);
      const other = await image(2);
      await expect(store.verify(id, other.manifestDigest)).rejects.toMatchObject({ code: 'IntegrityMismatch' });
      await expect(store.get(id, join(work, 'out'), other.manifestDigest)).rejects.toMatchObject({
        code: 'IntegrityMismatch',
      });
    });

    it.each(['cut', 'flipped'] as const)('takes no image that was %s since it was sealed', async (how) => {
      const { dir } = await image();
      const path = join(dir, 'pages.img');
      const bytes = await readFile(path);
      if (how === 'flipped') bytes.writeUInt8(bytes.readUInt8(4096) ^ 1, 4096);
      await writeFile(path, how === 'cut' ? bytes.subarray(0, 4096) : bytes);
      await expect(store.put(id, dir)).rejects.toMatchObject({
        code: how === 'cut' ? 'ImageIncomplete' : 'IntegrityMismatch',
        message: expect.stringContaining('pages.img'),
      });
      expect(await store.stat(id)).toBeUndefined();
      expect(await store.list()).toEqual([]);
    });

    it('says of an unknown id that it is not stored', async () => {
      const { manifestDigest } = await image();
      await expect(store.get(id, join(work, 'out'), manifestDigest)).rejects.toMatchObject({
        code: 'CheckpointNotFound',
      });
      await expect(store.verify(id, manifestDigest)).rejects.toMatchObject({ code: 'ImageIncomplete' });
    });

    it('writes into no directory that is there already', async () => {
      const { dir, manifestDigest } = await image();
      await store.put(id, dir);
      const target = join(work, 'there');
      await cp(dir, target, { recursive: true });
      await expect(store.get(id, target, manifestDigest)).rejects.toMatchObject({ code: 'ImageExists' });
      await verifyImage(target, manifestDigest);
    });

    it('removes an image, and removing it again is fine', async () => {
      const { dir, manifestDigest } = await image();
      await store.put(id, dir);
      await store.remove(id);
      await store.remove(id);
      expect(await store.list()).toEqual([]);
      expect(await store.stat(id)).toBeUndefined();
      await expect(store.get(id, join(work, 'out'), manifestDigest)).rejects.toMatchObject({
        code: 'CheckpointNotFound',
      });
      await store.put(id, dir);
      await store.verify(id, manifestDigest);
    });

    it.each(['../escape', '..', '.', '', 'a/b', '/etc', 'a\u0000b', 'a\\b', '.hidden', 'x'.repeat(200), 'ckp_ä'])(
      'refuses the id %j in every call',
      async (hostile) => {
        const { dir, manifestDigest } = await image();
        const refusal = { code: 'BadRequest' };
        await expect(store.put(hostile, dir)).rejects.toMatchObject(refusal);
        await expect(store.verify(hostile, manifestDigest)).rejects.toMatchObject(refusal);
        await expect(store.get(hostile, join(work, 'out'), manifestDigest)).rejects.toMatchObject(refusal);
        await expect(store.stat(hostile)).rejects.toMatchObject(refusal);
        await expect(store.remove(hostile)).rejects.toMatchObject(refusal);
      },
    );

    it('answers a ping', async () => {
      await expect(store.ping()).resolves.toBeUndefined();
    });
  });
}
