import { Command } from 'commander';
import { commonFlags, type CommonFlags, examples } from '../flags.ts';
import { allPages } from '../pages.ts';
import { openSession, type Shell } from '../session.ts';
import { containerColumns } from '../views.ts';

interface Flags extends CommonFlags {
  readonly node?: string;
  readonly all?: true;
}

/** `stasis ps`: the containers of the fleet. */
export const psCommand = (shell: Shell): Command => {
  const command = new Command('ps')
    .description('containers of the fleet')
    .option('--node <node>', 'only of this node')
    .option('-a, --all', 'also those that are gone');
  commonFlags(command).action(async ({ node, all, ...flags }: Flags) => {
    const session = openSession(shell, flags);
    const query = { ...(node !== undefined && { node }), ...(all && { all: 'true' }) };
    const page = await allPages((cursor) => session.client.listContainers({ query: { ...query, ...cursor } }));
    session.printer.page(page, containerColumns);
  });
  return examples(command, 'stasis ps', 'stasis ps --node node-a -o json');
};
