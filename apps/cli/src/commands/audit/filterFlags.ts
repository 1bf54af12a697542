import { eventFilter, outcomes, type ReadQuery, type Routes } from '@stasis/api-contract';
import { type Command, InvalidArgumentError, Option } from 'commander';

/** What events are asked for by: the flags are the filters of the api's query. */
export type FilterFlags = Partial<Pick<ReadQuery<Routes['listEvents']>, keyof typeof eventFilter | 'ledger'>>;

const names = [...Object.keys(eventFilter), 'ledger'] as (keyof FilterFlags)[];

/** @param times with the flags that say when; a verb that has its own leaves them out. */
export const filterFlags = (command: Command, { times = true }: { readonly times?: boolean } = {}): Command => {
  command
    .option('--container <name>', 'only of this container, its checkpoints and restores')
    .option('--node <node>', 'only what happened on this node')
    .option('--checkpoint <id>', 'only of this checkpoint and restores of it')
    .option('--restore <id>', 'only of this restore')
    .option('--actor <id>', 'only caused by this one (sub_…)')
    .option('--type <type>', 'only of this type, for example checkpoint.ready')
    .addOption(new Option('--outcome <outcome>', 'only what ended so').choices(outcomes))
    .option('--reason <code>', 'only with this reason code, for example NoSpace')
    .option('--text <words>', 'only where the asker gave a reason with these words')
    .option('--ticket <ticket>', 'only under this ticket')
    .option('--correlation <id>', 'only with this correlation id')
    .option('--label <name=value>', 'only of what carries this label')
    .option('--ledger <name>', 'of this ledger; nodes and tokens are in "system"');
  return times ? timeFlags(command) : command;
};

const timeFlags = (command: Command): Command =>
  command
    .option('--since <instant>', 'from this instant on (ISO 8601, or 90m, 24h, 7d ago)', parseInstant)
    .option('--until <instant>', 'before this instant', parseInstant)
    .addOption(
      new Option('--by <clock>', 'what --since and --until mean: when it happened, or was recorded').choices([
        'occurred',
        'recorded',
      ]),
    )
    .option('--after <position>', 'only above this position', parsePosition)
    .option('--up-to <position>', 'only up to this position', parsePosition);

export type FilterQuery = Readonly<FilterFlags>;

export const filterOf = (flags: FilterFlags): FilterQuery =>
  Object.fromEntries(names.flatMap((name) => (flags[name] === undefined ? [] : [[name, flags[name]]])));

const unitsMs: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** An instant as ISO 8601, or how long ago it was. */
export const parseInstant = (text: string): string => {
  const [, count, unit] = /^([0-9]{1,6})([smhd])$/.exec(text) ?? [];
  const at = unit === undefined ? Date.parse(text) : Date.now() - Number(count) * unitsMs[unit]!;
  if (Number.isNaN(at) || (unit === undefined && !/^\d{4}-\d\d-\d\d/.test(text)))
    throw new InvalidArgumentError('it is not an instant such as 2026-11-24T12:00:00Z, 90m or 7d');
  return new Date(at).toISOString();
};

export const parsePosition = (text: string): number => {
  if (!/^[0-9]{1,15}$/.test(text)) throw new InvalidArgumentError('it is not a position');
  return Number(text);
};
