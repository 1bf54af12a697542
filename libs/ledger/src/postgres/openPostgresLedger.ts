import { createGroupCommit } from '../groupCommit.ts';
import type { AppendOutcome, Ledger } from '../port.ts';
import { prepareAppend } from '../prepare.ts';
import { AppendMemory } from './append/appendMemory.ts';
import { commitBatch } from './append/commitBatch.ts';
import type { Call } from './append/decideBatch.ts';
import { type DatabaseOptions, type LedgerDatabase, openDatabase } from './database.ts';
import { createGrowth } from './growth.ts';
import { findEvent } from './read/findEvent.ts';
import { readEvents } from './read/readEvents.ts';
import { readHeads } from './read/readHeads.ts';
import { readStreams } from './read/readStreams.ts';

/** Events that one transaction takes at most; a larger single call goes alone. */
const maxBatch = 2000;

export interface PostgresLedger extends Ledger {
  /** For the queries of this folder. Closed with the ledger. */
  readonly database: LedgerDatabase;
}

/** Opens the ledger in a database whose migrations are applied. Any number of processes may do so at once. */
export async function openPostgresLedger(options: DatabaseOptions): Promise<PostgresLedger> {
  const database = openDatabase(options);
  const growth = createGrowth(database);
  const memory = new AppendMemory();
  const group = createGroupCommit<Call, AppendOutcome[]>({
    commit: (calls) => commitBatch(database, memory, calls),
    weightOf: (call) => call.reduce((sum, { events }) => sum + events.length, 0),
    maxWeight: maxBatch,
  });
  return {
    database,
    append: async (appends) => {
      const call = appends.map(prepareAppend);
      const outcomes = await group.submit(call);
      const grown = new Set(
        call.filter((_, index) => outcomes[index]?.outcome === 'appended').map(({ ledger }) => ledger),
      );
      for (const ledger of grown) growth.tell(ledger);
      return outcomes;
    },
    readStream: async (ledger, stream) => (await readStreams(database, ledger, [stream])).get(stream) ?? [],
    readStreams: (ledger, streams) => readStreams(database, ledger, streams),
    read: (ledger, readOptions) => readEvents(database, ledger, readOptions),
    findEvent: (eventId) => findEvent(database, eventId),
    head: async (ledger) => (await readHeads(database)).get(ledger) ?? 0,
    onGrowth: growth.subscribe,
    close: async () => {
      await group.idle();
      await growth.close();
      await database.close();
    },
  };
}
