import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat, writeFile, mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runLine } from '../../testing/runLine.ts';

describe('stasis image', { timeout: 60_000 }, () => {
  let work: string;
  let store: string;
  beforeEach(async () => {
    work = await mkdtemp(join(tmpdir(), 'stasis-image-'));
    store = join(work, 'store');
    for (const [name, changed] of Object.entries({ one: 0, two: 7 })) {
      await mkdir(join(work, name));
      await writeFile(join(work, name, 'pages.img'), pages(changed));
      await writeFile(join(work, name, 'checkpoint.img'), `state ${name}`);
    }
  });
  afterEach(() => rm(work, { recursive: true, force: true }));

  const seed = randomBytes(4096 * 512);
  const pages = (changed: number): Buffer => {
    const bytes = Buffer.from(seed);
    for (let page = 0; page < changed; page++) bytes.writeUInt32LE(page + 1, page * 4096);
    return bytes;
  };
  const image = (...words: string[]) => runLine(['image', ...words], { STASIS_HOME: work, STASIS_STORE: store });
  const json = async (...words: string[]): Promise<Record<string, unknown>> => {
    const { code, out, err } = await image(...words, '-o', 'json');
    expect([code, err]).toEqual([0, '']);
    return JSON.parse(out) as Record<string, unknown>;
  };
  const sizeOf = async (...dirs: string[]): Promise<number> => {
    let total = 0;
    for (const dir of dirs)
      for (const name of await readdir(join(store, dir))) total += (await stat(join(store, dir, name))).size;
    return total;
  };

  it('puts a directory and gives it back, and a child costs what changed', async () => {
    const first = await json('put', join(work, 'one'), '--label', 'app=web');
    const size = 4096 * 512 + 'state one'.length;
    expect(first).toEqual({
      ...{ id: expect.stringMatching(/^img_/), files: 2, bytes: size, pages: 512, newPages: 512 },
      ...{ bytesNew: await sizeOf('images', 'packs'), bytesShared: 0, seconds: expect.any(Number) },
    });
    const second = await json('put', join(work, 'two'), '--parent', String(first['id']));
    expect(second).toMatchObject({ pages: 512, newPages: 7 });
    expect(second['bytesNew']).toBeLessThan(12 * 4096);
    expect(second['bytesShared']).toBeGreaterThan(500 * 4096);

    const out = join(work, 'out');
    expect(await json('get', String(second['id']), out)).toEqual({
      ...{ id: second['id'], bytes: size, seconds: expect.any(Number) },
    });
    for (const name of ['pages.img', 'checkpoint.img'])
      expect((await readFile(join(out, name))).equals(await readFile(join(work, 'two', name)))).toBe(true);

    expect(await json('ls')).toMatchObject({
      items: [
        { id: first['id'], labels: { app: 'web' }, encrypted: true, bytes: size },
        { id: second['id'], parent: first['id'] },
      ],
    });
    expect(await json('show', String(first['id']))).toMatchObject({
      files: [
        { name: 'checkpoint.img', size: 9 },
        { name: 'pages.img', size: 4096 * 512 },
      ],
    });
    expect(await json('verify')).toMatchObject({ ok: true, images: [{ ok: true }, { ok: true }] });
    const stored = await sizeOf('images', 'packs');
    expect(await json('stats')).toEqual({ images: 2, packs: 2, bytes: 2 * size, bytesStored: stored, bytesUnread: 0 });
    const { items } = (await json('du')) as { items: { bytesOwn: number; bytesShared: number }[] };
    expect(items[1]!.bytesOwn).toBeLessThan(12 * 4096);
    expect(await json('gc', '--dry-run')).toMatchObject({ dryRun: true, bytesFreed: 0 });
  });

  it('prints tables within 80 columns', async () => {
    const { out } = await image('put', join(work, 'one'));
    for (const verb of ['ls', 'du', 'stats', 'verify', 'gc', `show ${out.split(' ')[0]}`]) {
      const said = await image(...verb.split(' '));
      expect([verb, said.code, Math.max(...said.out.split('\n').map((line) => line.length)) <= 80]).toEqual([
        verb,
        0,
        true,
      ]);
    }
  });

  it('ends with 3 and names image and pack when a pack is damaged', async () => {
    const { id } = await json('put', join(work, 'one'));
    const [pack] = await readdir(join(store, 'packs'));
    const bytes = await readFile(join(store, 'packs', pack!));
    bytes.writeUInt8(bytes.readUInt8(70_000) ^ 1, 70_000);
    await writeFile(join(store, 'packs', pack!), bytes);
    const said = await image('verify', '-o', 'json');
    expect(said.code).toBe(3);
    expect(JSON.parse(said.out)).toMatchObject({
      ok: false,
      images: [{ id, ok: false, message: expect.stringMatching(new RegExp(`${String(id)}.*pages\\.img.*${pack}`)) }],
    });
    const got = await image('get', String(id), join(work, 'out'));
    expect([got.code, got.err.includes(pack!)]).toEqual([3, true]);
    await expect(stat(join(work, 'out'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it.each([
    ['an id that is not stored', 4, ['get', 'img_none', './out']],
    ['a parent that is not stored', 4, ['put', '.', '--parent', 'img_none']],
    ['a directory that is none', 2, ['put', './nowhere']],
    ['a store of another kind', 2, ['ls', '--store', 'ftp://example.test/x']],
    ['a label that is none', 2, ['put', '.', '--label', 'x']],
  ])('ends as the error table says for %s', async (_, exit, words) => {
    expect((await image(...words.map((word) => word.replace(/^\.(?=\/|$)/, join(work, 'one'))))).code).toBe(exit);
  });

  it('says loudly that a plain store is not encrypted', async () => {
    const env = { STASIS_HOME: work, STASIS_STORE: store, STASIS_STORE_PLAIN: '1' };
    const { code, err } = await runLine(['image', 'put', join(work, 'one')], env);
    expect([code, err]).toEqual([0, expect.stringContaining('UNENCRYPTED')]);
  });
});
