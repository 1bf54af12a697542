import { Command } from 'commander';
import { refOf } from '../findContainer.ts';
import { commonFlags, type CommonFlags, examples } from '../flags.ts';
import { allPages } from '../pages.ts';
import { openSession, type Shell } from '../session.ts';
import { checkpointColumns } from '../views.ts';

interface Flags extends CommonFlags {
  readonly node?: string;
}

/** `stasis checkpoints [CONTAINER]`: checkpoints, newest first. */
export const checkpointsCommand = (shell: Shell): Command => {
  const command = new Command('checkpoints')
    .description('checkpoints, newest first')
    .argument('[container]', 'only of this container')
    .option('--node <node>', 'only of this node');
  commonFlags(command).action(async (name: string | undefined, { node, ...flags }: Flags) => {
    const session = openSession(shell, flags);
    const query = {
      ...(name !== undefined && { container: refOf(name, node) }),
      ...(node !== undefined && { node }),
    };
    const page = await allPages((cursor) => session.client.listCheckpoints({ query: { ...query, ...cursor } }));
    session.printer.page(page, checkpointColumns);
  });
  return examples(command, 'stasis checkpoints', 'stasis checkpoints web-1 -o json');
};
