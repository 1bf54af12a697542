import { type Known } from '../../plan.ts';
import { ViewRows } from '../../projection.ts';
import type { LedgerDatabase, Sql } from '../database.ts';
import { historyWritesOf, writeHistory } from '../history/writeHistory.ts';
import type { AppendMemory } from './appendMemory.ts';
import { type Call, type Decided, decideBatch } from './decideBatch.ts';
import { insertEvents } from './insertEvents.ts';
import { insertTexts } from './insertTexts.ts';
import { loadForAppend } from './loadForAppend.ts';
import { lockLedgers } from './lockLedgers.ts';
import { type Mark, readMarks } from './readMarks.ts';
import { viewWritesOf, writeViews } from './writeViews.ts';

/**
 * One transaction for many callers: lock, look, decide, write events, texts and read models. `onWritten` is called when
 * only the commit is left, with what will be true if it succeeds.
 */
export async function appendBatch(
  database: LedgerDatabase,
  memory: AppendMemory,
  calls: readonly Call[],
  onWritten: (decided: Decided) => void,
): Promise<Decided> {
  const ledgers = [...new Set(calls.flat().map(({ ledger }) => ledger))];
  let before = new Map<string, Mark>();
  let after = new Map<string, Mark>();
  const decided = await database.transaction(
    async (sql) => {
      await lockLedgers(sql, ledgers);
      before = await readMarks(sql, ledgers);
      const batch = await decide(sql, memory, calls, before);
      if (batch.events.length > 0) {
        const inserting = insertEvents(sql, batch.events);
        // Made while Postgres is at work.
        const views = viewWritesOf(batch.views);
        const history = historyWritesOf(batch.views.folded, batch.texts);
        after = await inserting;
        if (batch.texts.length > 0) await insertTexts(sql, batch.texts);
        await writeViews(sql, views);
        // What auditors ask by: see there what it costs.
        await writeHistory(sql, history);
      }
      onWritten(batch);
      return batch;
    },
    { byIndex: true },
  );
  memory.keep(decided, before, after);
  return decided;
}

/** What memory says yes to is so; before anybody is told no, the store is asked. */
async function decide(
  sql: Sql,
  memory: AppendMemory,
  calls: readonly Call[],
  marks: ReadonlyMap<string, Mark>,
): Promise<Decided> {
  const recalled = memory.recall(calls.flat(), marks);
  await loadForAppend(sql, recalled.missing, recalled);
  const decided = decideBatch(calls, recalled.known, recalled.views);
  if (decided.results.every(isAllAppended)) return decided;
  const known: Known = { heads: recalled.known.heads, versions: new Map(), eventIds: new Set() };
  const views = new ViewRows();
  await loadForAppend(sql, calls.flat(), { known, views });
  return decideBatch(calls, known, views);
}

const isAllAppended = (result: Decided['results'][number]): boolean =>
  result.status === 'fulfilled' && result.value.every(({ outcome }) => outcome === 'appended');
