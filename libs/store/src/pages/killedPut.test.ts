import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { pageSize } from './format.ts';
import { openPageStore, type PageStore } from './pageStore.ts';
import { sealPages } from './testImages.ts';

describe('a put that is killed', { timeout: 240_000 }, () => {
  let work: string;
  let store: PageStore;
  let image: { manifestDigest: string };
  let parent: { manifestDigest: string };
  beforeEach(async () => {
    work = await mkdtemp(join(tmpdir(), 'stasis-store-'));
    store = openPageStore(pathToFileURL(join(work, 'store')).href, { STASIS_STORE_KEY: join(work, 'key') });
    const bytes = randomBytes(600 * pageSize);
    parent = await sealPages(join(work, 'parent'), bytes);
    for (let page = 0; page < 600; page += 3) bytes.writeUInt32LE(page + 1, page * pageSize);
    image = await sealPages(join(work, 'image'), bytes);
    await store.put('parent', join(work, 'parent'));
  });
  afterEach(() => rm(work, { recursive: true, force: true }));

  /** @returns what it printed, or undefined when it was killed */
  const putInChild = (id: string, dieAt: number): Promise<string | undefined> => {
    const script = `
      import { openStore } from ${JSON.stringify(new URL('../openStore.ts', import.meta.url).href)};
      await (await openStore(process.argv[1])).put(process.argv[2], process.argv[3], { parent: 'parent' });`;
    const preload = new URL('dieAt.ts', import.meta.url).href;
    const args = ['--import', preload, '--input-type=module', '--eval', script, store.url, id, join(work, 'image')];
    const env = {
      ...process.env,
      ...{ DIE_AT: String(dieAt), STASIS_STORE_KEY: join(work, 'key') },
    };
    return new Promise((resolve, reject) => {
      execFile(process.execPath, args, { env }, (error, stdout, stderr) => {
        if (error === null) resolve(stdout);
        else if (error.signal === 'SIGKILL') resolve(undefined);
        else reject(new Error(stderr));
      });
    });
  };

  it('at any change of the file system leaves a whole store', async () => {
    const calls = Number(await putInChild('whole', 0));
    expect(calls).toBeGreaterThan(10);
    let shown = 0;
    for (let dieAt = 1; dieAt <= calls; dieAt++) {
      const id = `killed-${dieAt}`;
      expect(await putInChild(id, dieAt)).toBeUndefined();
      // Only after the link that makes it visible may it be there, and then it is all there.
      if ((await store.list()).includes(id)) {
        shown += 1;
        await store.verify(id, image.manifestDigest);
      } else expect(await store.stat(id)).toBeUndefined();
      await store.verify('parent', parent.manifestDigest);
      await store.collect({ graceMs: 0 });
      expect([dieAt, (await store.usage()).bytesUnread]).toEqual([dieAt, 0]);
    }
    expect(shown).toBeLessThanOrEqual(3);
    await store.verify('whole', image.manifestDigest);
    await store.put('killed-1', join(work, 'image'), { parent: 'parent' });
    await store.verify('killed-1', image.manifestDigest);
  });
});
