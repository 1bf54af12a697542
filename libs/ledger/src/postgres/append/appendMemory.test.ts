import { newId } from '@stasis/events';
import { startPostgres } from '@stasis/testing';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { prepareAppend } from '../../prepare.ts';
import { appendOf, checkpointLife } from '../../sampleEvents.ts';
import { startTestLedgers, type TestLedgers } from '../../testDatabase.ts';
import type { Sql } from '../database.ts';
import { getCheckpoint, type LedgerDatabase, type PostgresLedger, rebuildProjections } from '../index.ts';
import { AppendMemory } from './appendMemory.ts';
import { commitBatch } from './commitBatch.ts';

let ledgers: TestLedgers;
let ledger: PostgresLedger;
beforeAll(async () => {
  ledgers = await startTestLedgers(await startPostgres());
}, 60_000);
afterAll(() => ledgers.tearDown());
beforeEach(async () => {
  ledger = await ledgers.open();
});

const life = checkpointLife();
/** The n-th event of a checkpoint's life. */
const step = (id: string, n: number) => appendOf(id, [life[n]!], { expectedVersion: n });
const outcomeOf = async (on: PostgresLedger, id: string, n: number): Promise<string> =>
  (await on.append([step(id, n)]))[0]!.outcome;
describe('what a process remembers of its appends', () => {
  test('is not used once another process appended to the same stream', async () => {
    const other = await ledgers.openAgain();
    const id = newId('ckp');
    expect(await outcomeOf(ledger, id, 0)).toBe('appended');
    expect(await outcomeOf(other, id, 1)).toBe('appended');
    expect(await outcomeOf(ledger, id, 1)).toBe('conflict');
    expect(await outcomeOf(ledger, id, 2)).toBe('appended');
    expect((await getCheckpoint(ledger.database, id)).item).toMatchObject({ phase: 'Captured', position: 3 });
  });

  test(
    'leaves the read models as a rebuild makes them, whoever appends, also to two ledgers',
    { timeout: 120_000 },
    async () => {
      const steps = fc.array(
        fc.record({ writer: fc.nat({ max: 1 }), stream: fc.nat({ max: 2 }), tenant: fc.boolean() }),
        {
          minLength: 1,
          maxLength: 25,
        },
      );
      await fc.assert(
        fc.asyncProperty(steps, async (plan) => {
          const first = await ledgers.open();
          const writers = [first, await ledgers.openAgain()];
          const versions = new Map<string, number>();
          const ids = Array.from({ length: 3 }, () => newId('ckp'));
          for (const { writer, stream, tenant } of plan) {
            const where = tenant ? 'tenant-b' : 'default';
            const version = versions.get(`${where}${stream}`) ?? 0;
            const append = appendOf(ids[stream]!, [life[version] ?? life.at(-2)!], {
              expectedVersion: version,
              ledger: where,
            });
            expect((await writers[writer]!.append([append]))[0]!.outcome).toBe('appended');
            versions.set(`${where}${stream}`, version + 1);
          }
          for (const where of ['default', 'tenant-b']) {
            const { differing } = await rebuildProjections(first.database, where);
            expect(Object.values(differing).every((count) => count === 0)).toBe(true);
          }
        }),
        { numRuns: 12 },
      );
    },
  );

  test('does not hide that an event id is recorded: the answer is duplicate, and the batch’s others are recorded', async () => {
    const [one, two] = [newId('ckp'), newId('ckp')];
    const recorded = step(one, 0);
    await ledger.append([recorded]);
    await ledger.append([step(two, 0)]);
    const again = { ...step(two, 1), events: [{ ...step(two, 1).events[0]!, id: recorded.events[0]!.id }] };
    const outcomes = await ledger.append([step(one, 1), again]);
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(['appended', 'duplicate']);
    expect(await ledger.head('default')).toBe(3);
  });

  test('is not used after a rebuild, which may have repaired a row', async () => {
    const id = newId('ckp');
    await ledger.append([step(id, 0)]);
    const damaged = `update checkpoints set body = (replace(body::text, '"team":"a"', '"team":"b"'))::json returning 1 as one`;
    await ledger.database.query(damaged, []);
    const fresh = await ledgers.openAgain();
    await fresh.append([step(id, 1)]);
    await rebuildProjections(ledger.database, 'default');
    await fresh.append([step(id, 2)]);
    expect((await getCheckpoint(ledger.database, id)).item?.labels).toEqual({ team: 'a' });
  });

  test('spares the next batch its look-ups', async () => {
    const loads: string[] = [];
    const database: LedgerDatabase = {
      ...ledger.database,
      transaction: (work, options) =>
        ledger.database.transaction((sql) => {
          const query: Sql['query'] = (text, values) => {
            if (text.includes('join checkpoints')) loads.push(text);
            return sql.query(text, values);
          };
          return work({ query });
        }, options),
    };
    const memory = new AppendMemory();
    const id = newId('ckp');
    for (const n of [0, 1, 2]) await commitBatch(database, memory, [[prepareAppend(step(id, n))]]);
    expect(loads).toHaveLength(1);
    await ledger.append([step(id, 3)]);
    await commitBatch(database, memory, [[prepareAppend(step(id, 4))]]);
    expect(loads).toHaveLength(2);
  });
});
