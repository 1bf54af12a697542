import { followEvents } from '@stasis/api-contract';
import { Command } from 'commander';
import { parseCount } from '../duration.ts';
import { commonFlags, type CommonFlags, examples } from '../flags.ts';
import { openSession, type Session, type Shell } from '../session.ts';
import { eventColumns, eventLine } from '../views.ts';

interface Flags extends CommonFlags {
  readonly follow?: true;
  readonly after?: string;
  readonly subject?: string;
  readonly limit: number;
}

/** `stasis events`: the newest recorded events, or all that come. */
export const eventsCommand = (shell: Shell): Command => {
  const command = new Command('events')
    .description('the newest recorded events; with --follow those that come')
    .option('-f, --follow', 'go on until interrupted')
    .option('--after <position>', 'with --follow: begin after this position')
    .option('--subject <id>', 'with --follow: only of this checkpoint, restore, container or node')
    .option('--limit <count>', 'without --follow: how many', parseCount, 20);
  commonFlags(command).action(async (flags: Flags) => {
    if (flags.follow && flags.output === 'json') command.error('--follow has no end: use -o ndjson');
    const session = openSession(shell, flags);
    if (flags.follow) return follow(session, flags);
    const { items, position } = await session.client.listEvents({ query: { order: 'desc', limit: flags.limit } });
    session.printer.page({ items: items.toReversed(), position }, eventColumns);
  });
  return examples(command, 'stasis events', 'stasis events --follow -o ndjson --after 120');
};

const follow = async ({ connection, io, printer }: Session, { after, subject }: Flags): Promise<void> => {
  const stream = followEvents({
    ...connection,
    ...(after !== undefined && { after }),
    ...(subject !== undefined && { subject }),
    signal: io.signal,
    onBreak: ({ message }) => printer.progress(`${message}; trying again`),
  });
  for await (const event of stream) printer.line(event, () => eventLine(event));
  io.signal.throwIfAborted();
};
