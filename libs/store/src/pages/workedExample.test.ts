import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, it } from 'vitest';
import { openPageStore } from './pageStore.ts';

const page = new URL('../../../../docs/formats/page-store.md', import.meta.url);

/** The bytes of a hex block of the page; `00 * 1008` stands for so many zeros. */
function bytesOf(markdown: string, name: string): Buffer {
  const block = new RegExp(`\\n\`\`\`hex ${name}\\n([^\`]*)\`\`\``).exec(markdown)?.[1] ?? '';
  const hex = block.replace(/([0-9a-f]{2}) \* (\d+)/g, (_, byte: string, count: string) => byte.repeat(Number(count)));
  return Buffer.from(hex.replace(/\s/g, ''), 'hex');
}

it('reads the worked example of the format page', async () => {
  const work = await mkdtemp(join(tmpdir(), 'stasis-store-'));
  try {
    const markdown = await readFile(page, 'utf8');
    const pack = bytesOf(markdown, 'pack');
    const image = bytesOf(markdown, 'image');
    expect([pack.length, image.length]).toEqual([1098, 248]);
    for (const dir of ['images', 'packs']) await mkdir(join(work, 'store', dir), { recursive: true });
    await writeFile(join(work, 'store', 'packs', pack.subarray(16, 32).toString('hex')), pack);
    await writeFile(join(work, 'store', 'images', 'ex'), image);
    const store = openPageStore(pathToFileURL(join(work, 'store')).href, { STASIS_STORE_PLAIN: '1' });
    await store.getDirectory('ex', join(work, 'out'));
    expect(await readFile(join(work, 'out', 'note'), 'utf8')).toBe('hello');
    const pages = await readFile(join(work, 'out', 'pages.img'));
    const expected = Buffer.alloc(19 * 4096);
    expected.fill('ab', 16 * 4096, 17 * 4096);
    expect(pages.equals(expected)).toBe(true);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
});
