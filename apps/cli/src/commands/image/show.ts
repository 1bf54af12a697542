import { Command } from 'commander';
import { examples } from '../../flags.ts';
import type { Shell } from '../../session.ts';
import { facts } from '../../table.ts';
import { bytes } from '@stasis/api-contract';
import { imageFlags, openImageSession, type ImageFlags } from './session.ts';

/** `stasis image show ID`: its files and where they are kept. */
export const showCommand = (shell: Shell): Command => {
  const command = new Command('show').description('show the files of an image and what it reads').argument('<id>');
  imageFlags(command).action(async (id: string, flags: ImageFlags) => {
    const { store, printer } = await openImageSession(shell, flags);
    const image = await store.describe(id);
    printer.one(image, () =>
      facts([
        ['image', image.id],
        ['stored', image.storedAt],
        ['parent', image.parent],
        ...Object.entries(image.labels).map(([key, value]): [string, string] => [`label ${key}`, value]),
        ['encrypted', image.encrypted ? 'yes' : 'NO'],
        ['size', `${bytes(image.bytes)}, ${image.pages} pages`],
        ['reads', `${bytes(image.bytesStored)} in ${image.packs.length} packs`],
        ...image.files.map(({ name, size, digest }): [string, string] => [name, `${bytes(size)} ${digest}`]),
      ]),
    );
  });
  return examples(command, 'stasis image show img_019…');
};
