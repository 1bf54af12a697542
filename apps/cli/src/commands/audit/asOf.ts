import type { FleetAsOf } from '@stasis/api-contract';
import { Command } from 'commander';
import { parseCount } from '../../duration.ts';
import { commonFlags, type CommonFlags, examples } from '../../flags.ts';
import { openSession, type Shell } from '../../session.ts';
import { type Column, table } from '../../table.ts';
import { parseInstant } from './filterFlags.ts';

interface Flags extends CommonFlags {
  readonly asOf?: string;
  readonly node?: string;
  readonly name?: string;
  readonly status?: FleetAsOf['items'][number]['status'];
  readonly ledger?: string;
  readonly limit: number;
}

/** `stasis audit as-of INSTANT`: what ran where, and what could have been restored. */
export const asOfCommand = (shell: Shell): Command => {
  const command = new Command('as-of')
    .description('the fleet at an instant: what ran, and what could have been restored')
    .argument('[instant]', 'ISO 8601, or how long ago: 90m, 24h, 7d', parseInstant)
    .option('--as-of <place>', 'as was known then: a position or an instant; default: now')
    .option('--node <node>', 'only of this node')
    .option('--name <name>', 'only containers of this bare name')
    .option('--status <status>', 'only those that were running, paused, stopped …')
    .option('--ledger <name>', 'default: the one of the token')
    .option('--limit <count>', 'at most so many containers', parseCount, 1000);
  commonFlags(command).action(async (at: string | undefined, flags: Flags) => {
    const { client, printer } = openSession(shell, flags);
    const { asOf, node, name, status, ledger, limit } = flags;
    const query = { at, asOf, node, name, status, ledger };
    const given = Object.fromEntries(Object.entries(query).filter(([, value]) => value !== undefined));
    const read = (more: object): Promise<FleetAsOf> => client.fleetAsOf({ query: { ...given, ...more } });
    const first = await read({ limit: Math.min(limit, 1000) });
    const items = [...first.items];
    let { next } = first;
    while (next !== null && items.length < limit) {
      const page = await read({ limit: Math.min(limit - items.length, 1000), cursor: next });
      items.push(...page.items);
      ({ next } = page);
    }
    const whole = { ...first, items, next };
    printer.one(whole, () => textOf(whole));
  });
  return examples(command, 'stasis audit as-of 2026-11-24T12:00:00Z --node node-a', 'stasis audit as-of 7d --as-of 6d');
};

const columns: readonly Column<FleetAsOf['items'][number]>[] = [
  { head: 'CONTAINER', cell: ({ container }) => container, shrinks: true },
  { head: 'STATUS', cell: ({ status }) => status },
  { head: 'GEN', cell: ({ generation }) => String(generation), right: true },
  { head: 'NEWEST CHECKPOINT', cell: ({ checkpoint }) => checkpoint?.id ?? 'none' },
  { head: 'AGE', cell: ({ checkpoint }) => (checkpoint === null ? '-' : ageOf(checkpoint.ageSeconds)), right: true },
  { head: 'ON', cell: ({ restorableOnCount }) => String(restorableOnCount), right: true },
];

const ageOf = (seconds: number): string =>
  seconds < 3600
    ? `${Math.floor(seconds / 60)}m`
    : seconds < 86_400
      ? `${Math.floor(seconds / 3600)}h`
      : `${Math.floor(seconds / 86_400)}d`;

function textOf(fleet: FleetAsOf): string {
  const { items, totals, position, ledgerBegins, validAt } = fleet;
  const statuses = Object.entries(totals.byStatus).map(([status, count]) => `${count} ${status}`);
  const none =
    ledgerBegins === null
      ? 'The ledger is empty.\n'
      : `Nothing was there${validAt !== null && validAt < ledgerBegins ? `: the ledger begins at ${ledgerBegins}` : ''}.\n`;
  return (
    (items.length === 0 ? none : table(columns, items)) +
    `\nwhole fleet: ${totals.containers} containers${statuses.length > 0 ? ` (${statuses.join(', ')})` : ''}, ` +
    `${totals.withCheckpoint} restorable\nas known at position ${position}\n`
  );
}
