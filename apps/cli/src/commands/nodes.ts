import { Command } from 'commander';
import { commonFlags, type CommonFlags, examples } from '../flags.ts';
import { allPages } from '../pages.ts';
import { openSession, type Shell } from '../session.ts';
import { nodeColumns } from '../views.ts';

/** `stasis nodes`: the nodes of the fleet with their agents. */
export const nodesCommand = (shell: Shell): Command => {
  const command = new Command('nodes').description('nodes of the fleet and their agents');
  commonFlags(command).action(async (flags: CommonFlags) => {
    const session = openSession(shell, flags);
    const page = await allPages((cursor) => session.client.listNodes({ query: cursor }));
    session.printer.page(page, nodeColumns);
  });
  return examples(command, 'stasis nodes', 'stasis nodes -o json');
};
