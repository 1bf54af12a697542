import { defaultLedger, systemLedger } from '@stasis/events';
import { type PostgresLedger, readHeads, type Sql, signTreeHead } from '@stasis/ledger/postgres';
import { pause } from '../leader.ts';

const everyMs = 500;

/** Every ledger that has or will have tree heads: the two that are always there, and those with events. */
export const ledgersWithHeads = async (sql: Sql): Promise<ReadonlySet<string>> =>
  new Set([defaultLedger, systemLedger, ...(await readHeads(sql)).keys()]);

/** Signs a head of each ledger at once, and again within half a second of any growth, until `signal` aborts. */
export async function signTreeHeads(
  ledger: PostgresLedger,
  privateKey: Uint8Array,
  signal: AbortSignal,
  onSigned: (ledger: string, size: number) => void,
): Promise<void> {
  const grown = new Set<string>();
  const unsubscribe = ledger.onGrowth((name) => grown.add(name));
  let rounds = 0;
  try {
    while (!signal.aborted) {
      // Growth is told on a best effort, so each ledger is looked at every 5 s anyway; an unchanged one costs two reads.
      const due = rounds % 10 === 0 ? await ledgersWithHeads(ledger.database) : [...grown];
      for (const name of due) {
        grown.delete(name);
        onSigned(name, (await signTreeHead(ledger.database, { ledger: name, privateKey })).size);
      }
      rounds += 1;
      await pause(everyMs, signal);
    }
  } finally {
    unsubscribe();
  }
}
