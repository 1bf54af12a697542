import { type Noun, nouns, type ViewRow, type ViewRows, type Views } from '../../projection.ts';
import type { Sql } from '../database.ts';
import { tableOf, type ViewColumn, viewColumns } from './viewColumns.ts';

type Column = Omit<ViewColumn<never>, 'of'>;

const key: readonly { name: string; type: string }[] = [
  { name: 'ledger', type: 'text' },
  { name: 'id', type: 'text' },
];
const body: readonly { name: string; type: string }[] = [
  { name: 'position', type: 'bigint' },
  { name: 'body', type: 'json' },
];
const created = { name: 'created', type: 'bigint' };

/** The rows as arrays, one a column; bodies as lines of one text (JSON text holds no line break), which needs no quoting. */
const rowsOf = (columns: readonly { name: string; type: string }[]): string => {
  const arrays = columns.map(({ type }, n) =>
    type === 'json' ? `string_to_table($${n + 1}, E'\\n')` : `unnest($${n + 1}::${type}[])`,
  );
  return `rows from (${arrays.join(', ')}) as r(${columns.map(({ name }) => name).join(', ')})`;
};
const valueOf = ({ name, type }: { name: string; type: string }): string =>
  type === 'json' ? `r.${name}::json` : `r.${name}`;

function insertInto(noun: Noun, columns: readonly Column[]): string {
  const all = [...key, ...body, ...columns, created];
  return `insert into ${tableOf(noun)} (${all.map(({ name }) => name).join(', ')})
    select ${all.map(valueOf).join(', ')} from ${rowsOf(all)}`;
}

/** An update, not an upsert: it writes each row once, where `on conflict` would lock it first. */
function update(noun: Noun, columns: readonly Column[]): string {
  const changing = [...body, ...columns];
  return `update ${tableOf(noun)} p set ${changing.map((column) => `${column.name} = ${valueOf(column)}`).join(', ')}
    from ${rowsOf([...key, ...changing])} where p.ledger = r.ledger and p.id = r.id`;
}

const changingOf = <N extends Noun>(noun: N): readonly ViewColumn<Views[N]>[] =>
  viewColumns[noun].filter(({ fixed }) => fixed !== true) as readonly ViewColumn<Views[N]>[];

const statements = Object.fromEntries(
  nouns.map((noun) => [noun, { insert: insertInto(noun, viewColumns[noun]), update: update(noun, changingOf(noun)) }]),
) as Readonly<Record<Noun, { readonly insert: string; readonly update: string }>>;

interface Write {
  readonly statement: string;
  readonly values: readonly unknown[];
}

function writeOf<N extends Noun>(noun: N, isNew: boolean, rows: readonly ViewRow<N>[]): Write {
  const columns = isNew ? (viewColumns[noun] as readonly ViewColumn<Views[N]>[]) : changingOf(noun);
  const values: unknown[] = [
    rows.map(({ view }) => view.ledger),
    rows.map(({ view }) => view.id),
    rows.map(({ view }) => view.position),
    rows.map(({ view }) => JSON.stringify(view)).join('\n'),
    ...columns.map(({ of }) => rows.map(({ view }) => of(view))),
  ];
  if (isNew) values.push(rows.map((row) => row.created));
  return { statement: statements[noun][isNew ? 'insert' : 'update'], values };
}

/** What `writeViews` has to say: made apart, so that it can be made while Postgres is busy with something else. */
export const viewWritesOf = (views: ViewRows): Write[] =>
  nouns.flatMap((noun) => {
    const rows = views.changed(noun);
    return [true, false].flatMap((isNew) => {
      const some = rows.filter((row) => row.isNew === isNew);
      return some.length === 0 ? [] : [writeOf(noun, isNew, some)];
    });
  });

/** Writes the rows that a fold changed. The caller holds the lock of the ledgers since it loaded them. */
export async function writeViews(sql: Sql, writes: readonly Write[]): Promise<void> {
  for (const { statement, values } of writes) await sql.query(statement, values);
}
