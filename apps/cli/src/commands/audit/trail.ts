import type { AuditTrail } from '@stasis/api-contract';
import { Command } from 'commander';
import { parseCount } from '../../duration.ts';
import { commonFlags, type CommonFlags, examples } from '../../flags.ts';
import { openSession, type Shell } from '../../session.ts';
import { storyLine } from './sentence.ts';

interface Flags extends CommonFlags {
  readonly ledger?: string;
  readonly limit: number;
}

/** `stasis audit trail ID`: the story of one thing, across nodes and generations. */
export const trailCommand = (shell: Shell): Command => {
  const command = new Command('trail')
    .description('the story of a container, a checkpoint (ckp_…) or an actor (sub_…)')
    .argument('<id>', 'what the story is of')
    .option('--ledger <name>', 'default: the one of the token')
    .option('--limit <count>', 'the newest so many events, at most 10000', parseCount, 1000);
  commonFlags(command).action(async (of: string, flags: Flags) => {
    const { client, printer } = openSession(shell, flags);
    const { ledger, limit } = flags;
    const trail = await client.auditTrail({ query: { of, limit, ...(ledger !== undefined && { ledger }) } });
    printer.one(trail, () => trailText(trail.items));
    if (trail.more) printer.warn(`older events were left out; --limit ${limit * 10} shows more`);
  });
  return examples(command, 'stasis audit trail web-1', 'stasis audit trail node-a/web-1 -o json');
};

/** A heading wherever day or container change, and a line an event, at most `width` characters each. */
export function trailText(items: AuditTrail['items'], width?: number): string {
  let heading = '';
  return items
    .map(({ container, event }) => {
      const now = `${event.time.slice(0, 10)}  ${container ?? event.subject}`;
      const head = now === heading ? '' : `${heading === '' ? '' : '\n'}${now}\n`;
      heading = now;
      return head + storyLine(event, width);
    })
    .join('');
}
