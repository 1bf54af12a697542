import { domainEventOf, type DomainEvent, newId, type RecordedEvent, type StasisEvent } from '@stasis/events';
import { type CheckpointView, type ContainerView, projectCheckpoint, projectContainer } from '@stasis/lifecycle';
import { startPostgres } from '@stasis/testing';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Append } from '../../port.ts';
import { appendOf, checkpointLife, containerDiscovered } from '../../sampleEvents.ts';
import { startTestLedgers, type TestLedgers } from '../../testDatabase.ts';
import {
  checkpointsAt,
  containersAt,
  fleetAt,
  fleetTotals,
  type Moment,
  momentOf,
  positionAt,
  type PostgresLedger,
  rebuildProjections,
} from '../index.ts';

let ledgers: TestLedgers;
let ledger: PostgresLedger;
beforeAll(async () => {
  ledgers = await startTestLedgers(await startPostgres());
}, 60_000);
afterAll(() => ledgers.tearDown());
beforeEach(async () => {
  ledger = await ledgers.open();
});

const at = (minute: number): string => new Date(Date.UTC(2026, 10, 1, 0, minute)).toISOString();

/** One decision whose events happened at these minutes and were recorded at that one. */
const told = (append: Append, minutes: readonly number[], recorded = 0): Append => ({
  ...append,
  events: append.events.map(
    (event, n) => ({ ...event, time: at(minutes[n] ?? minutes[0]!), recordedtime: at(recorded) }) as StasisEvent,
  ),
});

const seen = (container: string, run: string): DomainEvent => {
  const [node, name] = container.split('/') as [string, string];
  const { data } = containerDiscovered(node, name);
  return { key: 'container.started', data: { ...data, run } };
};
const stopped = (container: string, run: string): DomainEvent => ({
  key: 'container.stopped',
  data: { container, run, why: 'exited' },
});
const gone = (container: string, run: string): DomainEvent => ({ key: 'container.gone', data: { container, run } });

describe('the fleet at a moment', () => {
  test('tells a late fact by when it happened and by when it was known', async () => {
    const container = 'n1/web-1';
    await ledger.append([told(appendOf(container, [seen(container, 'a')]), [10], 10)]);
    await ledger.append([told(appendOf(container, [seen(container, 'b')], { expectedVersion: 1 }), [40], 40)]);
    // Stopped at 20, told at 60.
    await ledger.append([told(appendOf(container, [stopped(container, 'a')], { expectedVersion: 2 }), [20], 60)]);
    // Status and generation.
    const status = async (validAt: number, asOf: number): Promise<string | undefined> => {
      const [item] = (
        await fleetAt(ledger.database, await momentOf(ledger.database, { validAt: at(validAt), asOf: at(asOf) }), {
          gone: true,
        })
      ).items;
      return item && `${item.status} ${item.generation}`;
    };
    expect(await status(5, 70)).toBeUndefined();
    expect(await status(15, 70)).toBe('running 1');
    expect(await status(30, 70)).toBe('stopped 1');
    expect(await status(30, 50)).toBe('running 1');
    expect(await status(45, 50)).toBe('running 2');
    expect(await status(15, 5)).toBeUndefined();
    expect(await positionAt(ledger.database, 'default', at(50))).toBe(2);
  });

  test('refuses the future and what is not recorded yet, and is empty before the first event', async () => {
    await ledger.append([appendOf('n1/web-1', [containerDiscovered()])]);
    const future = new Date(Date.now() + 60_000).toISOString();
    for (const asked of [{ validAt: future }, { asOf: future }, { asOf: 2 }])
      await expect(momentOf(ledger.database, asked)).rejects.toMatchObject({ code: 'BadRequest' });
    const before = await momentOf(ledger.database, { validAt: '2020-01-01T00:00:00Z' });
    expect(await fleetAt(ledger.database, before)).toEqual({ items: [], next: null });
    expect(await fleetTotals(ledger.database, before)).toEqual({ byStatus: {}, containers: 0, withCheckpoint: 0 });
    expect(await momentOf(ledger.database, { asOf: '2020-01-01T00:00:00Z' })).toEqual({
      ledger: 'default',
      position: 0,
    });
  });

  test('pages by name and counts the whole fleet beside', async () => {
    const names = ['n1/a', 'n1/b', 'n2/a', 'n2/c', 'n2/d'];
    for (const name of names) await ledger.append([told(appendOf(name, [seen(name, 'r')]), [1])]);
    await ledger.append([told(appendOf('n2/d', [gone('n2/d', 'r')], { expectedVersion: 1 }), [2])]);
    await ledger.append([told(appendOf(newId('ckp'), checkpointLife('n1', 'a')), [3])]);
    const moment = await momentOf(ledger.database, { validAt: at(5) });
    const first = await fleetAt(ledger.database, moment, { limit: 3 });
    const second = await fleetAt(ledger.database, moment, { limit: 3, cursor: first.next! });
    expect([...first.items, ...second.items].map(({ container }) => container)).toEqual(names.slice(0, 4));
    expect(second.next).toBeNull();
    expect((await fleetAt(ledger.database, moment, { node: 'n2' })).items).toHaveLength(2);
    expect((await fleetAt(ledger.database, moment, { status: 'gone' })).items).toHaveLength(1);
    expect(await fleetTotals(ledger.database, moment)).toEqual({
      byStatus: { running: 4 },
      containers: 4,
      withCheckpoint: 1,
    });
  });
});

// What can be told of two containers and their checkpoints, in any order of happening.
const containers = ['n1/web-1', 'n2/web-1'] as const;
const minute = fc.integer({ min: 1, max: 30 });
const stepOf = fc.record({
  container: fc.constantFrom(...containers),
  kind: fc.constantFrom('seen', 'seen', 'stopped', 'gone', 'checkpoint', 'expire', 'delete'),
  run: fc.constantFrom('a', 'b', 'c'),
  minutes: fc.array(minute, { minLength: 7, maxLength: 7 }),
  which: fc.nat(10),
  alone: fc.boolean(),
});
type Step = typeof stepOf extends fc.Arbitrary<infer T> ? T : never;

function appendsOf(steps: readonly Step[]): Append[] {
  const versions = new Map<string, number>();
  const ready: string[] = [];
  return steps.flatMap(({ container, kind, run, minutes, which }) => {
    const add = (subject: string, domains: readonly DomainEvent[]): Append[] => {
      const expectedVersion = versions.get(subject) ?? 0;
      versions.set(subject, expectedVersion + domains.length);
      return [told(appendOf(subject, domains, { expectedVersion }), minutes)];
    };
    const [node, name] = container.split('/') as [string, string];
    if (kind === 'seen') return add(container, [seen(container, run)]);
    if (kind === 'stopped') return add(container, [stopped(container, run)]);
    if (kind === 'gone') return add(container, [gone(container, run)]);
    if (kind === 'checkpoint') {
      const id = newId('ckp');
      ready.push(id);
      return add(id, checkpointLife(node, name));
    }
    const id = ready[which % Math.max(1, ready.length)];
    if (id === undefined) return [];
    return add(id, [
      kind === 'expire' ? { key: 'checkpoint.expired', data: { rule: 'r' } } : { key: 'checkpoint.deleted', data: {} },
    ]);
  });
}

/** The same by reading everything. */
function naively(all: readonly RecordedEvent[], { position, validAt }: Moment) {
  const known = all.filter(({ position: own, event }) => own <= position && event.time <= validAt!);
  const checkpoints = new Map<string, CheckpointView>();
  const views = new Map<string, ContainerView>();
  const restorable = new Map<string, { container: string; captured: string }>();
  for (const recorded of known) {
    const { key } = domainEventOf(recorded.event);
    const { subject } = recorded.event;
    if (key.startsWith('container.')) views.set(subject, projectContainer(views.get(subject), recorded));
    else if (checkpoints.has(subject) || recorded.version === 1)
      checkpoints.set(subject, projectCheckpoint(checkpoints.get(subject), recorded));
    const whole = all.filter(({ event }) => event.subject === subject);
    const captured = whole.find(({ event }) => domainEventOf(event).key === 'checkpoint.captured')?.event.time;
    const request = whole[0]!.event.data as { container: string };
    if (key === 'checkpoint.ready' && captured! <= validAt!)
      restorable.set(subject, { container: request.container, captured: captured! });
  }
  for (const { event } of known)
    if (['checkpoint.expired', 'checkpoint.deleted'].includes(domainEventOf(event).key)) {
      // The first end that was told counts, also when a later one is told to have happened before.
      const first = all.find(
        (one) =>
          one.event.subject === event.subject &&
          ['checkpoint.expired', 'checkpoint.deleted'].includes(domainEventOf(one.event).key),
      );
      if (first?.event.id === event.id) restorable.delete(event.subject);
    }
  const newest = (container: string): string | null =>
    [...restorable]
      .filter(([, one]) => one.container === container)
      .toSorted(([a, x], [b, y]) => (x.captured + a < y.captured + b ? 1 : -1))[0]?.[0] ?? null;
  return { views, checkpoints, newest };
}

test('every moment is as a fold of all events known then that had happened by then, also after a rebuild', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(stepOf, { minLength: 4, maxLength: 25 }),
      fc.array(fc.record({ share: fc.double({ min: 0, max: 1, noNaN: true }), validAt: minute }), {
        minLength: 6,
        maxLength: 6,
      }),
      async (steps, moments) => {
        const own = await ledgers.open();
        const appends = appendsOf(steps);
        // Some alone, some gathered into one batch.
        for (let n = 0; n < appends.length; n += steps[n]?.alone === true ? 1 : 4)
          await own.append(appends.slice(n, n + (steps[n]?.alone === true ? 1 : 4)));
        const all = await own.read('default', { after: 0, limit: 10_000 });
        for (const { share, validAt } of moments) {
          const moment: Moment = {
            ledger: 'default',
            position: Math.round(share * all.length),
            validAt: at(validAt),
          };
          const expected = naively(all, moment);
          const { items } = await fleetAt(own.database, moment, { gone: true });
          expect(items.map(({ container, status, generation, run }) => [container, status, generation, run])).toEqual(
            [...expected.views.values()]
              .toSorted((a, b) => (a.id < b.id ? -1 : 1))
              .map(({ id, status, generation, run }) => [id, status, generation, run ?? null]),
          );
          for (const { container, checkpoint } of items)
            expect(checkpoint?.id ?? null).toBe(expected.newest(container));
          const listed = await containersAt(own.database, moment, { gone: true });
          expect(listed.items).toEqual(items.map(({ container }) => expected.views.get(container)));
          expect((await checkpointsAt(own.database, moment)).items).toEqual(
            [...expected.checkpoints.values()].toSorted((a, b) => b.requestedPosition - a.requestedPosition),
          );
          const there = items.filter(({ status }) => status !== 'gone');
          expect(await fleetTotals(own.database, moment)).toMatchObject({
            containers: there.length,
            withCheckpoint: there.filter(({ checkpoint }) => checkpoint !== null).length,
          });
        }
        const { differing } = await rebuildProjections(own.database, 'default');
        expect(Object.values(differing).every((count) => count === 0)).toBe(true);
      },
    ),
    { numRuns: 25 },
  );
}, 180_000);
