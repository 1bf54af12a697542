import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openHeadsDirectory } from './headsDirectory.ts';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'stasis-heads-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

describe('the directory of tree heads', () => {
  it('keeps a note once and for all, readable by its owner only', async () => {
    const directory = openHeadsDirectory(root);
    await directory.keep('default', 7, 'one');
    await directory.keep('default', 7, 'one');
    await expect(directory.keep('default', 7, 'two')).rejects.toMatchObject({ code: 'LedgerForked' });
    expect(await directory.read('default', 7)).toBe('one');
    expect(await readdir(path.join(root, 'default'))).toEqual(['7.note']);
    expect((await stat(path.join(root, 'default/7.note'))).mode & 0o777).toBe(0o600);
  });

  it('lists sizes in order and leaves alone what a crash or a person put there', async () => {
    const directory = openHeadsDirectory(root);
    expect(await directory.sizes('default')).toEqual([]);
    for (const size of [100, 9, 0]) await directory.keep('default', size, `of ${size}`);
    for (const stray of ['.abc.tmp', '07.note', 'x.note', 'README'])
      await writeFile(path.join(root, 'default', stray), 'stray');
    expect(await directory.sizes('default')).toEqual([0, 9, 100]);
    expect(await directory.read('default', 8)).toBeUndefined();
  });

  it('keeps the same note once when two apis write it at the same time, and one of two others', async () => {
    const [one, other] = [openHeadsDirectory(root), openHeadsDirectory(root)];
    await Promise.all([one.keep('default', 1, 'same'), other.keep('default', 1, 'same')]);
    const kept = await Promise.allSettled([one.keep('default', 2, 'a'), other.keep('default', 2, 'b')]);
    expect(kept.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
  });
});
