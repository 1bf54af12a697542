import { Command } from 'commander';
import { parseCount } from '../../duration.ts';
import { commonFlags, type CommonFlags, examples } from '../../flags.ts';
import { allPages } from '../../pages.ts';
import { openSession, type Shell } from '../../session.ts';
import { eventColumns } from '../../views.ts';

interface LogFlags extends CommonFlags {
  readonly checkpoint?: string;
  readonly restore?: string;
  readonly container?: string;
  readonly node?: string;
  readonly type?: string;
  readonly ledger?: string;
  readonly limit: number;
}

/** `stasis audit log`: recorded events in order of position. */
export const logCommand = (shell: Shell): Command => {
  const command = new Command('log')
    .description('recorded events in order')
    .option('--checkpoint <id>', 'only of this checkpoint')
    .option('--restore <id>', 'only of this restore')
    .option('--container <name>', 'only of this container')
    .option('--node <node>', 'only of this node')
    .option('--type <type>', 'only of this type, for example checkpoint.ready')
    .option('--ledger <name>', 'of this ledger; nodes are in "system"')
    .option('--limit <count>', 'at most so many', parseCount, 100_000);
  commonFlags(command).action(async (flags: LogFlags) => {
    const session = openSession(shell, flags);
    const { checkpoint, restore, container, node, type, ledger, limit } = flags;
    const query = { checkpoint, restore, container, node, type, ledger };
    const page = await allPages((cursor) => session.client.listEvents({ query: { ...query, ...cursor } }), limit);
    session.printer.page(page, eventColumns);
  });
  return examples(command, 'stasis audit log --container web-1', 'stasis audit log --type checkpoint.ready -o ndjson');
};
