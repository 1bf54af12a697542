import type { AuditEvent } from '@stasis/api-contract';
import { Command } from 'commander';
import { parseCount } from '../../duration.ts';
import { commonFlags, type CommonFlags, examples } from '../../flags.ts';
import { allPages } from '../../pages.ts';
import { openSession, type Session, type Shell } from '../../session.ts';
import { eventColumns, eventLine } from '../../views.ts';
import { filterFlags, type FilterFlags, filterOf, type FilterQuery } from './filterFlags.ts';

interface LogFlags extends CommonFlags, FilterFlags {
  readonly newest?: true;
  readonly follow?: true;
  readonly limit: number;
}

const pollMs = 1000;

/** `stasis audit log`: recorded events, by whatever an auditor asks by. */
export const logCommand = (shell: Shell): Command => {
  const command = filterFlags(new Command('log').description('recorded events in order'))
    .option('--newest', 'newest first')
    .option('-f, --follow', 'go on with what is recorded, until interrupted')
    .option('--limit <count>', 'at most so many', parseCount, 100_000);
  commonFlags(command).action(async (flags: LogFlags) => {
    if (flags.follow && flags.output === 'json') command.error('--follow has no end: use -o ndjson');
    if (flags.follow && flags.newest) command.error('--follow goes on with what comes: leave out --newest');
    const session = openSession(shell, flags);
    const query = filterOf(flags);
    if (flags.follow) return follow(session, query);
    const order = flags.newest ? 'desc' : 'asc';
    const read = (cursor: object): ReturnType<typeof session.client.listEvents> =>
      session.client.listEvents({ query: { ...query, order, ...cursor } });
    session.printer.page(await allPages(read, flags.limit), eventColumns);
  });
  return examples(
    command,
    'stasis audit log --container web-1 --outcome refused',
    'stasis audit log --since 7d --text "kernel upgrade" -o ndjson',
  );
};

/** Asks for what comes after the last page, again and again: one question, recorded once. */
const follow = async ({ client, io, printer }: Session, query: FilterQuery): Promise<void> => {
  let cursor: string | undefined;
  const print = (event: AuditEvent): void => printer.line(event, () => eventLine(event));
  while (!io.signal.aborted) {
    const page = await client.listEvents({ query: { ...query, limit: 1000, ...(cursor !== undefined && { cursor }) } });
    for (const event of page.items) print(event);
    cursor = page.next ?? page.resume ?? cursor;
    if (page.next === null) await pause(io.signal);
  }
  io.signal.throwIfAborted();
};

const pause = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, pollMs);
    signal.addEventListener('abort', end);
  });
