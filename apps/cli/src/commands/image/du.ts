import { Command } from 'commander';
import { examples } from '../../flags.ts';
import type { Shell } from '../../session.ts';
import { table } from '../../table.ts';
import { bytes } from '@stasis/api-contract';
import { imageFlags, openImageSession, type ImageFlags } from './session.ts';

/** `stasis image du`: what each image costs: alone, and together with others. */
export const duCommand = (shell: Shell): Command => {
  const command = new Command('du').description('what each image costs, alone and together with others');
  imageFlags(command).action(async (flags: ImageFlags) => {
    const { store, printer } = await openImageSession(shell, flags);
    const items = await store.usageByImage();
    printer.one({ items }, () =>
      table(
        [
          { head: 'IMAGE', cell: ({ id }) => id, shrinks: true },
          { head: 'SIZE', cell: (item) => bytes(item.bytes), right: true },
          { head: 'OWN', cell: (item) => bytes(item.bytesOwn), right: true },
          { head: 'SHARED', cell: (item) => bytes(item.bytesShared), right: true },
        ],
        items,
      ),
    );
  });
  return examples(command, 'stasis image du');
};
