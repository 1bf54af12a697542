import type { RecordedEvent } from '@stasis/events';
import { type Noun, nouns, ViewRows } from '../../projection.ts';
import { loadForAppend } from '../append/loadForAppend.ts';
import { lockLedgers } from '../append/lockLedgers.ts';
import { tableOf } from '../append/viewColumns.ts';
import { viewWritesOf, writeViews } from '../append/writeViews.ts';
import type { LedgerDatabase, Sql } from '../database.ts';
import { historyWritesOf, writeHistory } from '../history/writeHistory.ts';
import { readEvents } from '../read/readEvents.ts';
import { getEventTexts } from './eventTexts.ts';
import { rebuildSubtrees } from './rebuildSubtrees.ts';

/** Tables that hold what auditors ask by. */
const historyTables = ['event_facets', 'event_spans', 'container_history', 'checkpoint_history'] as const;
type Derived = Noun | (typeof historyTables)[number] | 'subtree_hashes';

export interface Rebuild {
  /** Events folded. */
  readonly events: number;
  /** Rows there are now, by noun, by table of the history, and of the tree. */
  readonly rows: Readonly<Record<Derived, number>>;
  /** Rows that differ from those before: missing, changed or surplus. All 0 = the read models were right. */
  readonly differing: Readonly<Record<Derived, number>>;
}

const pageSize = 2000;

/**
 * Throws the read models of a ledger away and folds them anew from its events, in one transaction: readers see the old
 * rows until it commits. Appends to that ledger wait meanwhile.
 */
export function rebuildProjections(database: LedgerDatabase, ledger: string): Promise<Rebuild> {
  return database.transaction(async (sql) => {
    await lockLedgers(sql, [ledger]);
    // Writes the head anew, so that what appending processes remember of the old rows is not used.
    await sql.query('update ledger_heads set position = position where ledger = $1 returning 1 as one', [ledger]);
    for (const table of [...nouns.map(tableOf), ...historyTables]) await setAside(sql, table, ledger);
    let after = 0;
    for (;;) {
      const page = await readEvents(sql, ledger, { after, limit: pageSize });
      if (page.length === 0) break;
      const views = new ViewRows();
      await loadForAppend(
        sql,
        page.map(({ stream, event }) => ({ ledger, stream, events: [event] })),
        { known: { heads: new Map(), versions: new Map(), eventIds: new Set() }, views },
      );
      views.fold(ledger, page);
      await writeViews(sql, viewWritesOf(views));
      await writeHistory(sql, historyWritesOf(views.folded, await textsOf(sql, page)));
      after = page.at(-1)!.position;
    }
    const counts = { rows: {} as Record<Derived, number>, differing: {} as Record<Derived, number> };
    for (const noun of nouns) {
      const [compared] = await compare(sql, noun, ledger);
      counts.rows[noun] = compared?.rows ?? 0;
      counts.differing[noun] = compared?.differing ?? 0;
    }
    for (const table of historyTables) {
      const [compared] = await compareWhole(sql, table, ledger);
      counts.rows[table] = compared?.rows ?? 0;
      counts.differing[table] = compared?.differing ?? 0;
    }
    const tree = await rebuildSubtrees(sql, ledger);
    counts.rows.subtree_hashes = tree.rows;
    counts.differing.subtree_hashes = tree.differing;
    return { events: after, ...counts };
  });
}

async function textsOf(
  sql: Sql,
  page: readonly RecordedEvent[],
): Promise<{ eventId: string; text: string; salt: string }[]> {
  const texts = await getEventTexts(
    sql,
    page.map(({ event }) => event.id),
  );
  return [...texts].map(([eventId, text]) => ({ eventId, ...text }));
}

async function setAside(sql: Sql, table: string, ledger: string): Promise<void> {
  await sql.query(`create temporary table ${table}_before (like ${table}) on commit drop`, []);
  await sql.query(
    `with gone as (delete from ${table} where ledger = $1 returning *), kept as (insert into ${table}_before select * from gone)
     select 1 as one`,
    [ledger],
  );
}

const compare = (sql: Sql, noun: Noun, ledger: string): Promise<{ rows: number; differing: number }[]> => {
  const table = tableOf(noun);
  return sql.query(
    `select count(n.id)::float8 as rows, (count(*) filter (where n::text is distinct from b::text))::float8 as differing
     from (select * from ${table} where ledger = $1) n full join ${table}_before b using (ledger, id)`,
    [ledger],
  );
};

/** The history's rows have no id of their own: a row is what it says. */
const compareWhole = (sql: Sql, table: string, ledger: string): Promise<{ rows: number; differing: number }[]> =>
  sql.query(
    `select count(n.row)::float8 as rows, (count(*) filter (where n.row is null or b.row is null))::float8 as differing
       from (select t::text as row from ${table} t where t.ledger = $1) n
       full join (select t::text as row from ${table}_before t) b using (row)`,
    [ledger],
  );
