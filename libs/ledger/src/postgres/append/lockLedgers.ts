import type { Sql } from '../database.ts';

/**
 * Waits until this transaction is the only one that appends to these ledgers. It is a statement of its own: under READ
 * COMMITTED the next statement's snapshot is taken after the lock is held, so the head it reads is the last committed one.
 * Ledgers are locked in order of name, so that two batches cannot wait for each other.
 */
export async function lockLedgers(sql: Sql, ledgers: readonly string[]): Promise<void> {
  for (const ledger of ledgers.toSorted())
    await sql.query(
      `select 1 as held from (select pg_advisory_xact_lock(hashtextextended('stasis ledger ' || $1, 0))) l`,
      [ledger],
    );
}
