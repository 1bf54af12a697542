import { Command } from 'commander';
import { examples } from '../../flags.ts';
import type { Shell } from '../../session.ts';
import { table } from '../../table.ts';
import { ago, bytes } from '@stasis/api-contract';
import { imageFlags, openImageSession, type ImageFlags } from './session.ts';

/** `stasis image ls`: the images of a store. */
export const lsCommand = (shell: Shell): Command => {
  const command = new Command('ls').description('list the images');
  imageFlags(command).action(async (flags: ImageFlags) => {
    const { store, printer } = await openImageSession(shell, flags);
    const images = await Promise.all((await store.list()).map((id) => store.describe(id)));
    const items = images.map(({ id, storedAt, parent, labels, encrypted, bytes: size, bytesStored }) => ({
      ...{ id, storedAt, labels, encrypted, bytes: size, bytesStored },
      ...(parent !== undefined && { parent }),
    }));
    printer.one({ items }, () =>
      table(
        [
          { head: 'IMAGE', cell: ({ id }) => id, shrinks: true },
          { head: 'SIZE', cell: (item) => bytes(item.bytes), right: true },
          { head: 'READS', cell: (item) => bytes(item.bytesStored), right: true },
          { head: 'AGE', cell: (item) => ago(item.storedAt), right: true },
          { head: 'ENCRYPTED', cell: ({ encrypted }) => (encrypted ? 'yes' : 'NO') },
        ],
        items,
      ),
    );
  });
  return examples(command, 'stasis image ls', 'stasis image ls --store file:///srv/images -o json');
};
