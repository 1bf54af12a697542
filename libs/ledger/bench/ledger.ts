/**
 * Appends a second, batches of 500 events: the ledger (canonical leaf, leaf hash, version check, read models in step)
 * beside a plain `unnest` insert of the same rows into a table with the same indexes, and beside emmett-postgresql
 * appending the same events. One Postgres, one run, medians of five rounds; who goes first changes from round to round.
 * The ledger and the plain insert are handed the next batch while one is being written; both write one at a time. emmett has
 * no batches: it gets a pool's worth of appends at once instead, and the next batch after the last, since it keeps no order.
 *
 * Two shapes: `streams` = 500 decisions of one event, each on another checkpoint (what group commit gathers under load);
 * `lives` = decisions of a checkpoint's whole life, seven events at once.
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
  batchesAtOnce: number,
  work: (batch: Batch) => Promise<void>,
): Promise<number> {
  const start = performance.now();
  await inParallel(batches, batchesAtOnce, work);
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
        rateOf(batches, 2, async (batch) => {
          const outcomes = await ledger.append(batch);
          if (outcomes.some(({ outcome }) => outcome !== 'appended')) throw new Error('an append was not recorded');
        }),
      plain: async (batches) => {
        const rows = new Map(batches.map((batch) => [batch, plainRowsOf(batch, (written += eventsIn([batch])))]));
        return rateOf(batches, 2, (batch) => plainInsert(plain, rows.get(batch)!));
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
      console.log(
        `${shape}: ${(ours / bare).toFixed(2)}x plain (target 0.5), ${(ours / theirs).toFixed(1)}x emmett (target 3)`,
      );
    }
  } finally {
    await plain.end();
    await emmett.close();
    await ledgers.tearDown();
  }
}

if (import.meta.main) await run();
