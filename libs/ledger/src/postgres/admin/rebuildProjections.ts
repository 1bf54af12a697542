import { type Noun, nouns } from '../../projection.ts';
import { loadForAppend } from '../append/loadForAppend.ts';
import { lockLedgers } from '../append/lockLedgers.ts';
import { tableOf } from '../append/viewColumns.ts';
import { writeViews } from '../append/writeViews.ts';
import type { LedgerDatabase, Sql } from '../database.ts';
import { readEvents } from '../read/readEvents.ts';

export interface Rebuild {
  /** Events folded. */
  readonly events: number;
  /** Rows there are now, by noun. */
  readonly rows: Readonly<Record<Noun, number>>;
  /** Rows that differ from those before, by noun: missing, changed or surplus. All 0 = the read models were right. */
  readonly differing: Readonly<Record<Noun, number>>;
}

const pageSize = 2000;

/**
 * Throws the read models of a ledger away and folds them anew from its events, in one transaction: readers see the old
 * rows until it commits. Appends to that ledger wait meanwhile.
 */
export function rebuildProjections(database: LedgerDatabase, ledger: string): Promise<Rebuild> {
  return database.transaction(async (sql) => {
    await lockLedgers(sql, [ledger]);
    for (const noun of nouns) await setAside(sql, noun, ledger);
    let after = 0;
    for (;;) {
      const page = await readEvents(sql, ledger, { after, limit: pageSize });
      if (page.length === 0) break;
      const { views } = await loadForAppend(
        sql,
        page.map(({ stream, event }) => ({ ledger, stream, events: [event] })),
      );
      views.fold(ledger, page);
      await writeViews(sql, views);
      after = page.at(-1)!.position;
    }
    const counts = { rows: {} as Record<Noun, number>, differing: {} as Record<Noun, number> };
    for (const noun of nouns) {
      const [compared] = await compare(sql, noun, ledger);
      counts.rows[noun] = compared?.rows ?? 0;
      counts.differing[noun] = compared?.differing ?? 0;
    }
    return { events: after, ...counts };
  });
}

async function setAside(sql: Sql, noun: Noun, ledger: string): Promise<void> {
  const table = tableOf(noun);
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
