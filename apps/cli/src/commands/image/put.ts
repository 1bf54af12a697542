import { newImageId } from '@stasis/store';
import { Command, InvalidArgumentError } from 'commander';
import { examples } from '../../flags.ts';
import type { Shell } from '../../session.ts';
import { bytes, milliseconds } from '@stasis/api-contract';
import { imageFlags, openImageSession, type ImageFlags } from './session.ts';

type Labels = Readonly<Record<string, string>>;

interface Flags extends ImageFlags {
  readonly id?: string;
  readonly parent?: string;
  readonly label: Labels;
}

/** `stasis image put DIR`: stores the files of a directory; pages that the parent has are not kept again. */
export const putCommand = (shell: Shell): Command => {
  const command = new Command('put')
    .description('store the files of a directory as an image')
    .argument('<dir>', 'a directory of files, such as runsc writes')
    .option('--parent <id>', 'an earlier image of the same container: its pages are not kept again')
    .option('--label <key=value>', 'may be given several times', addLabel, {})
    .option('--id <id>', 'default: a new one');
  imageFlags(command).action(async (dir: string, flags: Flags) => {
    const { store, printer } = await openImageSession(shell, flags);
    const id = flags.id ?? newImageId();
    const options = { labels: flags.label, ...(flags.parent !== undefined && { parent: flags.parent }) };
    const put = await store.putDirectory(id, dir, options);
    const { files, bytes: size, pages, newPages, bytesNew, bytesShared, seconds } = put;
    printer.one({ id, files, bytes: size, pages, newPages, bytesNew, bytesShared, seconds }, () => {
      const took = milliseconds(seconds * 1000);
      return `${id}  ${bytes(size)}, ${bytes(bytesNew)} new, ${bytes(bytesShared)} shared, ${took}\n`;
    });
  });
  return examples(command, 'stasis image put ./img-1', 'stasis image put ./img-2 --parent img_019… --label app=web');
};

const addLabel = (text: string, before: Labels): Labels => {
  const [, key, value] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
  if (key === undefined || value === undefined) throw new InvalidArgumentError('Use key=value.');
  return { ...before, [key]: value };
};
