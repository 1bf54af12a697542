import { Command, Option } from 'commander';
import { parseDuration } from '../../duration.ts';
import { examples } from '../../flags.ts';
import type { Shell } from '../../session.ts';
import { table } from '../../table.ts';
import { bytes } from '@stasis/api-contract';
import { imageFlags, openImageSession, type ImageFlags } from './session.ts';

interface Flags extends ImageFlags {
  readonly dryRun?: true;
  readonly grace: number;
}

/** `stasis image gc`: removes the packs that no image reads; the dry run shows what keeps each of the others. */
export const gcCommand = (shell: Shell): Command => {
  const command = new Command('gc')
    .description('remove the packs that no image reads any more')
    .option('--dry-run', 'only show each pack and what keeps it')
    .addOption(
      new Option('--grace <duration>', 'leave younger packs alone; below the length of a put it is unsafe beside one')
        .argParser(parseDuration)
        .default(86_400_000, '1d'),
    );
  imageFlags(command).action(async (flags: Flags) => {
    const { store, printer } = await openImageSession(shell, flags);
    const found = await store.collect({ dryRun: flags.dryRun === true, graceMs: flags.grace });
    printer.one(found, () => {
      const list = table(
        [
          { head: 'PACK', cell: ({ pack }) => pack },
          { head: 'SIZE', cell: (pack) => bytes(pack.bytes), right: true },
          { head: 'STATE', cell: ({ state }) => state },
          { head: 'READ BY', cell: ({ images }) => images.join(' '), shrinks: true },
        ],
        found.packs,
      );
      return `${list}${found.dryRun ? 'would free' : 'freed'} ${bytes(found.bytesFreed)}\n`;
    });
  });
  return examples(command, 'stasis image gc --dry-run', 'stasis image gc --grace 1h');
};
