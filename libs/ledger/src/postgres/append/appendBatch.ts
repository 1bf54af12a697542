import type { LedgerDatabase } from '../database.ts';
import { type Call, type Decided, decideBatch } from './decideBatch.ts';
import { insertEvents } from './insertEvents.ts';
import { insertTexts } from './insertTexts.ts';
import { loadForAppend } from './loadForAppend.ts';
import { lockLedgers } from './lockLedgers.ts';
import { writeViews } from './writeViews.ts';

/**
 * One transaction for many callers: lock, look, decide, write events, texts and read models. `onWritten` is called when
 * only the commit is left, with what will be true if it succeeds.
 */
export async function appendBatch(
  database: LedgerDatabase,
  calls: readonly Call[],
  onWritten: (decided: Decided) => void,
): Promise<Decided> {
  const appends = calls.flat();
  return database.transaction(
    async (sql) => {
      await lockLedgers(sql, [...new Set(appends.map(({ ledger }) => ledger))]);
      const { known, views } = await loadForAppend(sql, appends);
      const decided = decideBatch(calls, known, views);
      if (decided.events.length > 0) {
        await insertEvents(sql, decided.events);
        if (decided.texts.length > 0) await insertTexts(sql, decided.texts);
        await writeViews(sql, decided.views);
      }
      onWritten(decided);
      return decided;
    },
    { byIndex: true },
  );
}
