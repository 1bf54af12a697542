import { type DomainEvent, newId, type StasisEvent } from '@stasis/events';
import { startPostgres } from '@stasis/testing';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Append } from '../../port.ts';
import { appendOf, checkpointRequested, containerDiscovered, restoreRequested } from '../../sampleEvents.ts';
import { startTestLedgers, type TestLedgers } from '../../testDatabase.ts';
import { type EventFilter, eraseEventText, listEvents, type PostgresLedger, rebuildProjections } from '../index.ts';
import { windowsOf } from './windows.ts';

let ledgers: TestLedgers;
let ledger: PostgresLedger;
beforeAll(async () => {
  ledgers = await startTestLedgers(await startPostgres());
}, 60_000);
afterAll(() => ledgers.tearDown());
beforeEach(async () => {
  ledger = await ledgers.open();
});

const positions = async (filter: EventFilter): Promise<number[]> =>
  (await listEvents(ledger.database, filter)).items.map(({ position }) => position);

const changed = (append: Append, change: Partial<StasisEvent>): Append => ({
  ...append,
  events: append.events.map((event) => ({ ...event, ...change }) as StasisEvent),
});

const refused: DomainEvent = { key: 'checkpoint.refused', data: { reason: 'NoSpace', message: 'the disk is full' } };
const withReason = (code: string, ticket: string): DomainEvent => {
  const request = checkpointRequested();
  const reason = { code, ticket, textDigest: `sha256:${'0'.repeat(64)}` };
  return {
    ...request,
    data: { ...request.data, labels: { team: 'a=b', 'q"\\': '{,}', odd: 'a\u001fb\u001ec\nd' }, reason },
  };
};

describe('the event list', () => {
  test('filters by who, how it ended, why, ticket, label and correlation', async () => {
    const one = newId('ckp');
    const other = newId('ckp');
    await ledger.append([
      appendOf(one, [withReason('Maintenance', 'OPS-1'), refused]),
      changed(appendOf(other, [checkpointRequested('n2', 'web-2')]), { authid: 'sub_other' }),
    ]);
    expect(await positions({ outcome: 'refused' })).toEqual([2]);
    expect(await positions({ outcome: 'ok' })).toEqual([]);
    expect(await positions({ reason: 'NoSpace' })).toEqual([2]);
    expect(await positions({ reason: 'Maintenance' })).toEqual([1]);
    expect(await positions({ actor: 'sub_other' })).toEqual([3]);
    expect(await positions({ correlation: other })).toEqual([3]);
    expect(await positions({ labels: ['team=a=b'] })).toEqual([1, 2]);
    expect(await positions({ labels: ['q"\\={,}', 'team=a=b'] })).toEqual([1, 2]);
    expect(await positions({ labels: ['odd=a\u001fb\u001ec\nd'] })).toEqual([1, 2]);
    expect(await positions({ labels: ['team=a'] })).toEqual([3]);
    expect(await positions({ ticket: 'OPS-1', type: 'dev.stasis.checkpoint.refused.v1' })).toEqual([2]);
    expect(await positions({ after: 1, upTo: 2 })).toEqual([2]);
  });

  test('finds the words of a reason, and no longer once the text is erased', async () => {
    const append = appendOf(newId('ckp'), [checkpointRequested()]);
    const eventId = append.events[0]!.id;
    const texts = [{ eventId, text: 'Kernel upgrade, says Müller', salt: 's' }];
    await ledger.append([{ ...append, texts }, appendOf(newId('ckp'), [checkpointRequested()])]);
    expect(await positions({ text: 'upgrade KERNEL' })).toEqual([1]);
    expect(await positions({ text: 'müller' })).toEqual([1]);
    expect(await positions({ text: 'kernel downgrade' })).toEqual([]);
    expect((await listEvents(ledger.database, { text: 'kernel' })).items[0]?.text).toBe('Kernel upgrade, says Müller');
    await ledger.database.transaction((sql) => eraseEventText(sql, eventId));
    expect(await positions({ text: 'kernel' })).toEqual([]);
    const facets = await ledger.database.query<{ n: number }>(
      `select count(*)::int as n from event_facets where exists (select from unnest(terms) t where t like 'word:%')`,
      [],
    );
    expect(facets).toEqual([{ n: 0 }]);
    expect((await rebuildProjections(ledger.database, 'default')).differing.event_facets).toBe(0);
  });

  test('filters by when it happened and by when it was recorded, a late fact included', async () => {
    const at = (minute: number): string => `2026-11-24T12:${String(minute).padStart(2, '0')}:00.000Z`;
    for (const [occurred, recorded] of [
      [1, 1],
      [5, 5],
      [2, 9],
    ] as const)
      await ledger.append([
        changed(appendOf(newId('ckp'), [checkpointRequested()]), { time: at(occurred), recordedtime: at(recorded) }),
      ]);
    expect(await positions({ occurredFrom: at(2), occurredTo: at(5) })).toEqual([3]);
    expect(await positions({ occurredFrom: at(2) })).toEqual([2, 3]);
    expect(await positions({ recordedFrom: at(5), recordedTo: at(9) })).toEqual([2]);
    expect(await positions({ recordedTo: at(9), order: 'desc' })).toEqual([2, 1]);
    expect(await positions({ occurredFrom: at(50) })).toEqual([]);
  });

  test('keeps ledgers apart', async () => {
    await ledger.append([
      appendOf('n1/web-1', [containerDiscovered()]),
      appendOf('n1/web-1', [containerDiscovered()], { ledger: 'tenant-b' }),
    ]);
    for (const ledgerName of ['default', 'tenant-b'])
      expect((await listEvents(ledger.database, { ledger: ledgerName, node: 'n1' })).items).toMatchObject([
        { position: 1, event: { ledger: ledgerName } },
      ]);
    expect((await listEvents(ledger.database, { ledger: 'tenant-c', node: 'n1' })).items).toEqual([]);
  });
});

describe('windows', () => {
  test('cover each position of their runs once, in order, whatever the runs', () => {
    const runs = fc
      .uniqueArray(fc.integer({ min: 1, max: 3_000_000 }), { minLength: 2, maxLength: 8 })
      .map((edges) => edges.toSorted((a, b) => a - b))
      .map((edges) => edges.flatMap((low, n) => (n % 2 === 0 && edges[n + 1] ? [{ low, high: edges[n + 1]! }] : [])));
    fc.assert(
      fc.property(runs, fc.constantFrom<('asc' | 'desc')[]>('asc', 'desc'), (given, order) => {
        const windows = [...windowsOf('default', given, order)];
        const ascending = order === 'asc' ? windows : windows.toReversed();
        const joined: { low: number; high: number }[] = [];
        for (const { low, high } of ascending) {
          expect(low).toBeLessThan(high);
          const last = joined.at(-1);
          if (last?.high === low && !given.some((run) => run.low === low)) last.high = high;
          else joined.push({ low, high });
        }
        expect(joined).toEqual(given);
      }),
    );
  });
});

describe('pages taken while events arrive', () => {
  const page = async (filter: EventFilter): Promise<{ ids: string[]; next: string | null; position: number }> => {
    const { items, next, position } = await listEvents(ledger.database, filter);
    return { ids: items.map(({ id }) => id), next, position };
  };
  const life = (n: number): Append => {
    const id = newId(n % 3 === 0 ? 'rst' : 'ckp');
    return appendOf(id, [n % 3 === 0 ? restoreRequested(newId('ckp'), `n${n % 2}`) : checkpointRequested(`n${n % 2}`)]);
  };

  test('give every event once, none left out, in both orders, filtered or not', async () => {
    let stop = false;
    const appending = (async () => {
      for (let n = 0; !stop; n += 1) await ledger.append(Array.from({ length: 1 + (n % 7) }, (_, m) => life(n + m)));
    })();
    try {
      await fc.assert(
        fc.asyncProperty(
          fc.record({
            order: fc.constantFrom<('asc' | 'desc')[]>('asc', 'desc'),
            limit: fc.integer({ min: 1, max: 40 }),
          }),
          fc.constantFrom<EventFilter[]>(
            {},
            { node: 'n1' },
            { type: 'dev.stasis.restore.requested.v1' },
            { outcome: 'ok' },
          ),
          async (paging, filter) => {
            const first = await page({ ...paging, ...filter, after: 10 });
            const seen = [...first.ids];
            let { next } = first;
            while (next !== null && seen.length < 600) {
              const more = await page({ ...paging, ...filter, after: 10, cursor: next });
              seen.push(...more.ids);
              ({ next } = more);
            }
            const whole = await listEvents(ledger.database, { ...filter, limit: 10_000, after: 10 });
            const all = (paging.order === 'asc' ? whole.items : whole.items.toReversed()).map(({ id }) => id);
            const from = paging.order === 'asc' ? 0 : all.indexOf(seen[0] ?? '');
            expect(seen).toEqual(all.slice(Math.max(from, 0), Math.max(from, 0) + seen.length));
            if (next === null && paging.order === 'desc' && seen.length > 0) expect(seen.at(-1)).toBe(all.at(-1));
          },
        ),
        { numRuns: 40 },
      );
    } finally {
      stop = true;
      await appending;
    }
    const every = await listEvents(ledger.database, { limit: 100_000 });
    expect(every.items.map(({ position }) => position)).toEqual(every.items.map((_, n) => n + 1));
  });
});
