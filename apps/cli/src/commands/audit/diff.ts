import type { AuditDiff } from '@stasis/api-contract';
import { Command } from 'commander';
import { commonFlags, type CommonFlags, examples } from '../../flags.ts';
import { openSession, type Shell } from '../../session.ts';
import { filterFlags, type FilterFlags, filterOf, parseInstant } from './filterFlags.ts';
import { storyLine } from './sentence.ts';

interface Flags extends CommonFlags, FilterFlags {
  readonly from: string;
  readonly to: string;
}

/** `stasis audit diff --from T1 --to T2`: what changed, by container, with who and why. */
export const diffCommand = (shell: Shell): Command => {
  const command = filterFlags(
    new Command('diff')
      .description('what changed between two instants, by container')
      .requiredOption('--from <instant>', 'ISO 8601, or how long ago: 90m, 24h, 7d', parseInstant)
      .option('--to <instant>', 'default: now', parseInstant, new Date().toISOString()),
    { times: false },
  );
  commonFlags(command).action(async (flags: Flags) => {
    const { client, printer } = openSession(shell, flags);
    const diff = await client.auditDiff({ query: { ...filterOf(flags), from: flags.from, to: flags.to } });
    printer.one(diff, () => textOf(diff));
  });
  return examples(
    command,
    'stasis audit diff --from 24h',
    'stasis audit diff --from 2026-11-01 --to 2026-11-02 --node n1',
  );
};

type Group = AuditDiff['items'][number];

const stateOf = (state: Group['before']): string =>
  state === null ? 'unknown' : `${state.status}, generation ${state.generation}`;

const headOf = ({ container, before, after }: Group): string =>
  container === null ? 'of no container\n' : `${container}: ${stateOf(before)} -> ${stateOf(after)}\n`;

/** Who asked is said where somebody did; the nodes' own steps speak for themselves. */
const textOf = ({ items, from, to }: AuditDiff): string =>
  items.length === 0
    ? `Nothing changed between ${from} and ${to}.\n`
    : items
        .map((group) => headOf(group) + group.events.map((event) => storyLine(event) + whoOf(event)).join(''))
        .join('\n');

const whoOf = ({ authtype, authid, type }: Group['events'][number]): string =>
  authtype === 'user' && type.includes('.requested.') ? `          by ${authid}\n` : '';
