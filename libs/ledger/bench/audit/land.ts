/** Lands a history through the real append path: canonical leaves, hashes, version checks, read models, facets, history. */
import { newPrivateKey } from '@stasis/proof';
import type { Append } from '../../src/port.ts';
import { type PostgresLedger, signTreeHead } from '../../src/postgres/index.ts';
import { decisionsOf, type Sizes } from './fleet.ts';

const batchEvents = 1500;
/** Heads are signed this often while events arrive, as the api does about once a second. */
const headEveryEvents = 20_000;

export const privateKey = newPrivateKey();

function* batchesOf(decisions: Iterable<Append>): Generator<Append[]> {
  let batch: Append[] = [];
  let size = 0;
  for (const append of decisions) {
    batch.push(append);
    size += append.events.length;
    if (size < batchEvents) continue;
    yield batch;
    batch = [];
    size = 0;
  }
  if (batch.length > 0) yield batch;
}

/** @returns events a second, tree and heads included. */
export async function land(ledger: PostgresLedger, sizes: Sizes): Promise<{ events: number; perSecond: number }> {
  const started = performance.now();
  let events = 0;
  let signed = 0;
  let under = Promise.resolve();
  for (const batch of batchesOf(decisionsOf(sizes))) {
    const before = under;
    // The next batch is made while one is written.
    under = (async () => {
      await before;
      const outcomes = await ledger.append(batch);
      if (outcomes.some(({ outcome }) => outcome !== 'appended')) throw new Error('a decision was not recorded');
    })();
    await before;
    events += batch.reduce((sum, append) => sum + append.events.length, 0);
    if (events - signed >= headEveryEvents) {
      await signTreeHead(ledger.database, { ledger: 'default', privateKey });
      signed = events;
      process.stderr.write(`\rlanded ${events}`);
    }
  }
  await under;
  await signTreeHead(ledger.database, { ledger: 'default', privateKey });
  process.stderr.write('\n');
  return { events, perSecond: events / ((performance.now() - started) / 1000) };
}
