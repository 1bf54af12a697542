import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { pageSize } from './format.ts';
import { openPageStore, type PageStore } from './pageStore.ts';
import { sealPages } from './testImages.ts';

const first = 'ckp_1';
const second = 'ckp_2';
const third = 'ckp_3';
const pages = 2048;

describe.each(['0', '1'])('images of one lineage (plain: %s)', { timeout: 60_000 }, (plain) => {
  let work: string;
  let store: PageStore;
  const digests = new Map<string, string>();
  const open = (): PageStore =>
    openPageStore(pathToFileURL(join(work, 'store')).href, {
      ...{ STASIS_STORE_KEY: join(work, 'key'), STASIS_STORE_PLAIN: plain, STASIS_STORE_CORES: '2' },
    });

  beforeEach(async () => {
    work = await mkdtemp(join(tmpdir(), 'stasis-store-'));
    store = open();
  });
  afterEach(() => rm(work, { recursive: true, force: true }));

  const put = async (id: string, bytes: Uint8Array, parent?: string) => {
    const { manifestDigest } = await sealPages(join(work, id), bytes);
    digests.set(id, manifestDigest);
    return store.put(id, join(work, id), { ...(parent !== undefined && { parent }) });
  };
  const readsBack = async (id: string, from: PageStore = store): Promise<void> => {
    const out = join(work, `out-${id}-${randomBytes(4).toString('hex')}`);
    await from.get(id, out, digests.get(id)!);
    for (const name of await readdir(join(work, id)))
      expect((await readFile(join(out, name))).equals(await readFile(join(work, id, name)))).toBe(true);
  };
  const changed = (bytes: Buffer, everyNth: number, to = 1): Buffer<ArrayBuffer> => {
    const copy = Buffer.from(bytes);
    for (let page = 0; page * pageSize < copy.length; page += everyNth)
      copy.writeUInt32LE(page + to, page * pageSize + 8);
    return copy;
  };
  const sizeOfStore = async (): Promise<number> => {
    let total = 0;
    for (const dir of ['images', 'packs'])
      for (const name of await readdir(join(work, 'store', dir)))
        total += (await stat(join(work, 'store', dir, name))).size;
    return total;
  };

  it('keeps only the pages that changed, wherever the others have moved to', async () => {
    const before = randomBytes(pages * pageSize);
    expect(await put(first, before)).toMatchObject({ pages, newPages: pages, bytesShared: 0 });
    const size = await sizeOfStore();
    const moved = changed(Buffer.concat([before.subarray(700 * pageSize), before.subarray(0, 500 * pageSize)]), 40);
    const { newPages, bytesNew, bytesShared } = await put(second, moved, first);
    expect(newPages).toBe(Math.ceil(moved.length / pageSize / 40));
    expect(bytesNew).toBeLessThan(newPages * 1.2 * pageSize);
    expect(bytesShared).toBeGreaterThan(1700 * pageSize);
    expect(await sizeOfStore()).toBe(size + bytesNew);
    for (const id of [first, second]) await readsBack(id);
    await readsBack(second, open());
  });

  it('keeps pages of zeros for nothing, and equal pages once', async () => {
    const page = randomBytes(pageSize);
    const { newPages } = await put(first, Buffer.concat([Buffer.alloc(900 * pageSize), ...Array(900).fill(page)]));
    expect(newPages).toBe(1);
    expect(await sizeOfStore()).toBeLessThan(4 * pageSize);
    await readsBack(first);
  });

  it('takes a file whose last page is not whole', async () => {
    await store.ping();
    const dir = join(work, 'any');
    await sealPages(dir, new Uint8Array(0));
    await writeFile(join(dir, 'more.img'), randomBytes(100_001));
    const { bytes } = await store.putDirectory('any', dir);
    expect((await store.getDirectory('any', join(work, 'out'))).bytes).toBe(bytes);
    expect(await readFile(join(work, 'out', 'more.img'))).toEqual(await readFile(join(dir, 'more.img')));
  });

  it('keeps pages that changed a little as patches, through a long lineage', async () => {
    let bytes = randomBytes(pages * pageSize);
    let parent: string | undefined;
    const ids = Array.from({ length: 6 }, (_, at) => `ckp_${at}`);
    for (const [at, id] of ids.entries()) {
      const { newPages, bytesNew } = await put(id, bytes, parent);
      if (at > 0) expect(bytesNew).toBeLessThan(newPages * pageSize * 0.15);
      if (at > 0) expect(newPages).toBe(Math.ceil(pages / (20 + at)));
      parent = id;
      bytes = changed(bytes, 21 + at, (at + 1) * pages);
    }
    expect(await store.list()).toEqual(ids);
    for (const id of ids) await readsBack(id);
    for (const id of ids.slice(0, -1)) await store.remove(id);
    await store.collect({ graceMs: 0 });
    await readsBack(ids.at(-1)!);
  });

  it('gives the child whole after the parent was removed and collected', async () => {
    const bytes = randomBytes(pages * pageSize);
    await put(first, bytes);
    await put(second, changed(bytes, 50), first);
    await put(third, changed(changed(bytes, 50), 70), second);
    await store.remove(first);
    await store.remove(second);
    await store.collect({ graceMs: 0 });
    await readsBack(third);
    await store.remove(third);
    expect((await store.collect({ graceMs: 0, dryRun: true })).packs.map(({ state }) => state)).toEqual([
      ...['dead', 'dead', 'dead'],
    ]);
    await store.collect({ graceMs: 0 });
    expect(await sizeOfStore()).toBe(0);
  });

  it('shows in a dry run which images keep each pack, and removes none within the grace', async () => {
    const bytes = randomBytes(pages * pageSize);
    await put(first, bytes);
    await put(second, changed(bytes, 50), first);
    const found = await store.collect({ dryRun: true });
    expect(found.packs.map(({ images }) => images).toSorted((a, b) => a.length - b.length)).toEqual([
      [second],
      [first, second],
    ]);
    await store.remove(second);
    expect((await store.collect()).packs.map(({ state }) => state).toSorted()).toEqual(['live', 'young']);
    await readsBack(first);
  });

  it('leaves alone what a running put counts on, even when the parent goes meanwhile', async () => {
    const bytes = randomBytes(pages * pageSize);
    await put(first, bytes);
    for (const name of await readdir(join(work, 'store', 'packs'))) await age(join(work, 'store', 'packs', name));
    await put(second, changed(bytes, 50), first);
    await store.remove(first);
    await store.remove(second);
    const { packs } = await store.collect();
    expect(packs.map(({ state }) => state).toSorted()).toEqual(['declared', 'young']);
    for (const name of await readdir(join(work, 'store', 'tmp'))) await age(join(work, 'store', 'tmp', name));
    expect((await store.collect()).packs.map(({ state }) => state).toSorted()).toEqual(['dead', 'young']);
  });

  it('refuses to collect beside an image that cannot be read', async () => {
    await put(first, randomBytes(pages * pageSize));
    await writeFile(join(work, 'store', 'images', second), 'no image');
    await expect(store.collect({ graceMs: 0 })).rejects.toMatchObject({ code: 'IntegrityMismatch' });
    await readsBack(first);
  });

  it('takes an image whose parent is gone, damaged, or kept in the other way', async () => {
    const bytes = randomBytes(pages * pageSize);
    expect(await put(first, bytes, 'ckp_none')).toMatchObject({ newPages: pages });
    const pack = join(work, 'store', 'packs', (await readdir(join(work, 'store', 'packs')))[0]!);
    const kept = await readFile(pack);
    kept.writeUInt8(kept.readUInt8(kept.length - 30) ^ 1, kept.length - 30);
    await writeFile(pack, kept);
    expect(await put(second, bytes, first)).toMatchObject({ newPages: pages });
    await readsBack(second);
    store = openPageStore(store.url, {
      STASIS_STORE_KEY: join(work, 'key'),
      STASIS_STORE_PLAIN: plain === '1' ? '0' : '1',
    });
    expect(await put(third, bytes, second)).toMatchObject({ newPages: pages });
    await readsBack(third);
  });

  it('takes several puts at once, of the same image and of others', async () => {
    const bytes = randomBytes(pages * pageSize);
    await put(first, bytes);
    const other = open();
    const images = await Promise.all(
      [40, 50, 60, 70].map(async (nth) => {
        const id = `ckp_nth${nth}`;
        const { manifestDigest } = await sealPages(join(work, id), changed(bytes, nth));
        digests.set(id, manifestDigest);
        return { id, dir: join(work, id) };
      }),
    );
    await Promise.all(
      images.flatMap(({ id, dir }) => [store.put(id, dir, { parent: first }), other.put(id, dir, { parent: first })]),
    );
    expect(await store.list()).toEqual([first, ...images.map(({ id }) => id)]);
    for (const { id } of images) await readsBack(id);
  });
});

async function age(path: string): Promise<void> {
  const old = new Date(Date.now() - 25 * 3_600_000);
  await utimes(path, old, old);
}
