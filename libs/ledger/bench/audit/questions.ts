/** What auditors ask: one or two fields, each kind varied over what the fleet holds. */
import { typeOf } from '@stasis/events';
import type { Sql } from '../../src/postgres/database.ts';
import type { EventFilter } from '../../src/postgres/index.ts';
import { began, ended, nodes, people, randomFrom, reasons, teams, words } from './fleet.ts';

export interface Kind {
  readonly name: string;
  readonly filter: () => EventFilter;
}

export async function kindsOf(sql: Sql): Promise<{ readonly fields: Kind[]; readonly texts: Kind[] }> {
  const random = randomFrom(7);
  const pick = <T>(all: readonly T[]): T => all[Math.floor(random() * all.length)]!;
  const sample = async (column: string): Promise<string[]> =>
    (
      await sql.query<{ value: string }>(
        `select ${column} as value from checkpoints tablesample system (1) limit 2000`,
        [],
      )
    ).map(({ value }) => value);
  const ids = (await sample('id')).concat(await idsOf(sql));
  const containers = (await sample('container')).concat(`${nodes[0]!}/web-0`);
  const types = ['requested', 'accepted', 'captured', 'ready', 'failed', 'refused'].map((past) => `checkpoint.${past}`);
  const type = (): string => typeOf(pick([...types, 'container.started', 'container.stopped']) as 'checkpoint.ready');
  const instant = (): number => began + Math.floor(random() * (ended - began));
  const time = (): EventFilter => {
    const from = instant();
    const hours = pick([1, 24, 24 * 30]);
    const range = [new Date(from).toISOString(), new Date(from + hours * 3_600_000).toISOString()] as const;
    return random() < 0.5
      ? { occurredFrom: range[0], occurredTo: range[1] }
      : { recordedFrom: range[0], recordedTo: range[1] };
  };
  const one: Record<string, () => EventFilter> = {
    node: () => ({ node: pick(nodes) }),
    container: () => ({ container: pick(containers) }),
    checkpoint: () => ({ checkpoint: pick(ids) }),
    actor: () => ({ actor: pick(people) }),
    type: () => ({ type: type() }),
    outcome: () => ({ outcome: pick(['ok', 'failed', 'refused', 'denied', 'canceled'] as const) }),
    reason: () => ({ reason: pick(reasons) }),
    ticket: () => ({ ticket: `OPS-${Math.floor(random() * 20_000)}` }),
    correlation: () => ({ correlation: pick(ids) }),
    label: () => ({ labels: [`team=${pick(teams)}`] }),
    time,
  };
  const names = Object.keys(one);
  const order = (): EventFilter => ({ order: pick(['asc', 'desc'] as const), limit: 100 });
  const single = names.map((name) => ({ name, filter: () => ({ ...one[name]!(), ...order() }) }));
  const pairs = names.flatMap((a, n) =>
    names.slice(n + 1).map((b) => ({ name: `${a}+${b}`, filter: () => ({ ...one[a]!(), ...one[b]!(), ...order() }) })),
  );
  const word = (): string => words[Math.floor(words.length * random() ** 3)]!;
  const texts = [
    { name: 'one word', filter: () => ({ text: word(), ...order() }) },
    { name: 'two words', filter: () => ({ text: `${word()} ${word()}`, ...order() }) },
    { name: 'word+node', filter: () => ({ text: word(), node: pick(nodes), ...order() }) },
  ];
  return { fields: [...single, ...pairs], texts };
}

const idsOf = async (sql: Sql): Promise<string[]> =>
  (await sql.query<{ id: string }>('select id from checkpoints limit 50', [])).map(({ id }) => id);
