import { Command } from 'commander';
import { examples } from '../../flags.ts';
import type { Shell } from '../../session.ts';
import { facts } from '../../table.ts';
import { bytes } from '@stasis/api-contract';
import { imageFlags, openImageSession, type ImageFlags } from './session.ts';

/** `stasis image stats`: what the store holds and what it takes. */
export const statsCommand = (shell: Shell): Command => {
  const command = new Command('stats').description('what the store holds and what it takes');
  imageFlags(command).action(async (flags: ImageFlags) => {
    const { store, printer } = await openImageSession(shell, flags);
    const usage = await store.usage();
    printer.one(usage, () =>
      facts([
        ['images', `${usage.images}, ${bytes(usage.bytes)} as captured`],
        ['stored', `${bytes(usage.bytesStored)} in ${usage.packs} packs and ${usage.images} image objects`],
        ['read by none', bytes(usage.bytesUnread)],
      ]),
    );
  });
  return examples(command, 'stasis image stats -o json');
};
