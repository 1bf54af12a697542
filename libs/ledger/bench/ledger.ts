/**
 * Appends a second, batches of 500 events: the ledger (canonical leaf, leaf hash, version check, read models and the audit's
 * index in step) beside a plain `unnest` insert of the same rows into a table with the same indexes, and beside
 * emmett-postgresql appending the same events. One Postgres, one run, medians of five rounds; who goes first changes from
 * round to round.
 *
 * Each is driven as its user would: the ledger takes a batch a call and is handed the next ones while one is being written, so
 * that four are under way (its group commit may then write several in one transaction, as it does for an api). The plain
 * insert's batches are ready before the clock starts and go one after the other. emmett has
 * no batches, its call is one stream: it gets a pool's worth of calls at once, each with all the events of one decision, and
 * the next batch after the last, since it keeps no order between calls.
 *
 * The figure that counts is `streams`: 500 decisions of one event, each on another checkpoint. It is what an api writes: each
 * fact of a node is a decision of its own. `lives` (a checkpoint's seven events in one decision, which no caller of Stasis
 * does) is printed beside it, since there emmett's cost of a call is shared by seven events.
 */
import { getPostgreSQLEventStore } from '@event-driven-io/emmett-postgresql';
import { type DomainEvent, newId } from '@stasis/events';
import { startPostgres } from '@stasis/testing';
import pg from 'pg';
import { machine, median } from '../../../tools/bench/figures.ts';
import type { Append } from '../src/port.ts';
import { appendOf, checkpointLife } from '../src/sampleEvents.ts';
import { startTestLedgers } from '../src/testDatabase.ts';
import { plainInsert, plainRowsOf, plainTable } from './plainInsert.ts';

const rounds = 5;
const batchSize = 500;
/** Calls that the ledger has under way at once. */
const batchesAtOnce = 4;
/** Appends that emmett has under way at once: as many as its pool has connections. */
const emmettConcurrency = 10;

type Batch = readonly Append[];
type Shape = 'streams' | 'lives';

/** Seven batches of 500 events. */
function batchesOf(shape: Shape): Batch[] {
  const life = checkpointLife();
  if (shape === 'streams') {
    const ids = Array.from({ length: batchSize }, () => newId('ckp'));
    return life.map((domain: DomainEvent, step) => ids.map((id) => appendOf(id, [domain], { expectedVersion: step })));
  }
  return life.map(() =>
    Array.from({ length: Math.floor(batchSize / life.length) }, () => appendOf(newId('ckp'), life)),
  );
}

const eventsIn = (batches: readonly Batch[]): number =>
  batches.flat().reduce((sum, { events }) => sum + events.length, 0);

/** Events a second of `work` over these batches, handed over in order. */
async function rateOf(
  batches: readonly Batch[],
  atOnce: number,
  work: (batch: Batch) => Promise<void>,
): Promise<number> {
  const start = performance.now();
  await inParallel(batches, atOnce, work);
  return eventsIn(batches) / ((performance.now() - start) / 1000);
}

/** Runs `work` on each item, at most `width` at once. */
async function inParallel<Item>(
  items: readonly Item[],
  width: number,
  work: (item: Item) => Promise<unknown>,
): Promise<void> {
  const queue = items.values();
  await Promise.all(
    Array.from({ length: width }, async () => {
      for (const item of queue) await work(item);
    }),
  );
}

export async function run(): Promise<void> {
  const postgres = await startPostgres();
  const ledgers = await startTestLedgers(postgres);
  const ledger = await ledgers.open();
  const plain = new pg.Client({ connectionString: ledger.database.connectionString });
  const emmett = getPostgreSQLEventStore(await postgres.createDatabase());
  try {
    await plain.connect();
    await plain.query(plainTable);
    await emmett.schema.migrate();
    let written = 0;
    const contenders: Record<string, (batches: readonly Batch[]) => Promise<number>> = {
      ledger: (batches) =>
        rateOf(batches, batchesAtOnce, async (batch) => {
          const outcomes = await ledger.append(batch);
          if (outcomes.some(({ outcome }) => outcome !== 'appended')) throw new Error('an append was not recorded');
        }),
      plain: async (batches) => {
        const rows = new Map(batches.map((batch) => [batch, plainRowsOf(batch, (written += eventsIn([batch])))]));
        return rateOf(batches, 1, (batch) => plainInsert(plain, rows.get(batch)!));
      },
      emmett: (batches) =>
        rateOf(batches, 1, (batch) =>
          inParallel(batch, emmettConcurrency, ({ stream, events, expectedVersion }) =>
            emmett.appendToStream(
              stream,
              events.map(({ type, data, ...metadata }) => ({ type, data, metadata })),
              { expectedStreamVersion: expectedVersion === 0 ? 'STREAM_DOES_NOT_EXIST' : BigInt(expectedVersion) },
            ),
          ),
        ),
    };
    console.log(machine());
    for (const shape of ['streams', 'lives'] as const) {
      const rates: Record<string, number[]> = { ledger: [], plain: [], emmett: [] };
      const names = Object.keys(contenders);
      // A round that does not count warms the plans and the compiler.
      for (const name of names) await contenders[name]!(batchesOf(shape));
      for (let round = 0; round < rounds; round += 1) {
        const turn = names.map((_, n) => names[(n + round) % names.length]!);
        for (const name of turn) rates[name]!.push(await contenders[name]!(batchesOf(shape)));
      }
      const [ours, bare, theirs] = names.map((name) => Math.round(median(rates[name]!))) as [number, number, number];
      console.log(`${shape}: ledger ${ours}/s, plain unnest insert ${bare}/s, emmett-postgresql ${theirs}/s`);
      const [toBare, toTheirs] = shape === 'streams' ? [' (target 0.5)', ' (target 3)'] : ['', ''];
      console.log(
        `${shape}: ${(ours / bare).toFixed(2)}x plain${toBare}, ${(ours / theirs).toFixed(1)}x emmett${toTheirs}`,
      );
    }
  } finally {
    await plain.end();
    await emmett.close();
    await ledgers.tearDown();
  }
}

if (import.meta.main) await run();
