import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openWorld, type OpenRuntime, type World } from './world.ts';

/** What a restore does when it cannot work. */
export const testRestores = (open: OpenRuntime): void =>
  void describe('restores', () => {
    let world: World;
    beforeEach(async () => {
      world = await openWorld(open);
    });
    afterEach(() => world.close());

    it('leaves nothing under the id when the image is no image', async () => {
      const imageDir = join(world.directory, 'nonsense');
      mkdirSync(imageDir);
      writeFileSync(join(imageDir, 'checkpoint.img'), 'nonsense');
      await expect(world.restore(imageDir)).rejects.toMatchObject({ code: 'RuntimeFailed' });
      expect(await world.runtime.list()).toEqual([]);
    });

    it('refuses a taken name and leaves its holder alone', async () => {
      const holder = await world.start();
      await expect(world.restore(world.directory)).rejects.toMatchObject({ code: 'NameTaken' });
      expect(await world.runtime.load('c1')).toEqual(holder);
    });
  });
