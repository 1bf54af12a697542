import { Command } from 'commander';
import { examples } from '../../flags.ts';
import type { Shell } from '../../session.ts';
import { bytes as inUnits, milliseconds } from '@stasis/api-contract';
import { imageFlags, openImageSession, type ImageFlags } from './session.ts';

/** `stasis image get ID DIR`: writes an image into a new directory, every byte checked on the way. */
export const getCommand = (shell: Shell): Command => {
  const command = new Command('get')
    .description('write an image into a new directory, every byte checked')
    .argument('<id>')
    .argument('<dir>', 'must not be there yet');
  imageFlags(command).action(async (id: string, dir: string, flags: ImageFlags) => {
    const { store, printer } = await openImageSession(shell, flags);
    const { bytes, seconds } = await store.getDirectory(id, dir);
    printer.one({ id, bytes, seconds }, () => `${id}  ${inUnits(bytes)}, ${milliseconds(seconds * 1000)}\n`);
  });
  return examples(command, 'stasis image get img_019… ./out');
};
