import { newId } from '@stasis/events';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Append, Ledger } from './port.ts';
import { appendOf, checkpointLife, checkpointRequested, eventOf } from './sampleEvents.ts';

export interface LedgerUnderTest {
  /** An empty ledger; called once a test. */
  open(): Promise<Ledger>;
  /** Another view of the ledger opened last, as a second process would have it; the same one where there is none. */
  openAgain(): Promise<Ledger>;
  setUp?(): Promise<void>;
  /** Ends all that `open` and `openAgain` started. */
  tearDown(): Promise<void>;
}

const all = { after: 0, limit: 10_000 };
const accepted = { key: 'checkpoint.accepted', data: { attempt: 1 } } as const;

/** What every ledger promises. */
export function ledgerContract(name: string, subject: LedgerUnderTest): void {
  describe(`${name} ledger`, () => {
    let ledger: Ledger;
    beforeAll(async () => subject.setUp?.(), 60_000);
    beforeEach(async () => {
      ledger = await subject.open();
    });
    afterAll(() => subject.tearDown());

    const request = (id: string = newId('ckp')): Append => appendOf(id, [checkpointRequested()]);

    test('gives dense positions from 1 and versions from 1 by stream', async () => {
      const [one, two] = [newId('ckp'), newId('ckp')];
      const outcomes = await ledger.append([
        appendOf(one, checkpointLife().slice(0, 2)),
        request(two),
        appendOf(one, checkpointLife().slice(2, 4), { expectedVersion: 2 }),
      ]);
      expect(outcomes.map(({ outcome }) => outcome)).toEqual(['appended', 'appended', 'appended']);
      const read = await ledger.read('default', all);
      expect(read.map(({ position }) => position)).toEqual([1, 2, 3, 4, 5]);
      expect(read.map(({ version }) => version)).toEqual([1, 2, 1, 3, 4]);
      expect(await ledger.head('default')).toBe(5);
    });

    test('returns from each read what was appended, byte for byte', async () => {
      const append = appendOf(newId('ckp'), checkpointLife());
      const [outcome] = await ledger.append([append]);
      const stream = await ledger.readStream('default', append.stream);
      expect(stream.map(({ event }) => event)).toEqual(append.events);
      expect(outcome).toEqual({ outcome: 'appended', recorded: stream });
      expect(await ledger.read('default', all)).toEqual(stream);
      expect(await ledger.findEvent(append.events[3]!.id)).toEqual({ ...stream[3], ledger: 'default' });
    });

    test('reads several streams at once, with an entry for each name', async () => {
      const [one, two] = [request(), request()];
      await ledger.append([one, two]);
      const streams = await ledger.readStreams('default', [two.stream, 'checkpoint/unknown']);
      expect([...streams.keys()].toSorted()).toEqual([two.stream, 'checkpoint/unknown'].toSorted());
      expect(streams.get(two.stream)?.map(({ event }) => event.id)).toEqual([two.events[0]!.id]);
      expect(streams.get('checkpoint/unknown')).toEqual([]);
    });

    test('pages by position', async () => {
      await ledger.append([appendOf(newId('ckp'), checkpointLife())]);
      const positions = async (after: number, limit: number): Promise<number[]> =>
        (await ledger.read('default', { after, limit })).map(({ position }) => position);
      expect(await positions(0, 3)).toEqual([1, 2, 3]);
      expect(await positions(3, 3)).toEqual([4, 5, 6]);
      expect(await positions(6, 3)).toEqual([7]);
      expect(await positions(7, 3)).toEqual([]);
    });

    test('answers conflict with the version the stream is at, and appends nothing', async () => {
      const id = newId('ckp');
      await ledger.append([request(id)]);
      expect(await ledger.append([request(id)])).toEqual([{ outcome: 'conflict', actualVersion: 1 }]);
      expect(await ledger.append([appendOf(id, [accepted], { expectedVersion: 2 })])).toEqual([
        { outcome: 'conflict', actualVersion: 1 },
      ]);
      expect(await ledger.head('default')).toBe(1);
    });

    test('lets one of two decisions on the same version win, also within one call', async () => {
      const id = newId('ckp');
      await ledger.append([request(id)]);
      const decide = (): Append => appendOf(id, [accepted], { expectedVersion: 1 });
      const outcomes = await ledger.append([decide(), decide()]);
      expect(outcomes.map(({ outcome }) => outcome)).toEqual(['appended', 'conflict']);
      expect(await ledger.readStream('default', `checkpoint/${id}`)).toHaveLength(2);
    });

    test('answers duplicate when an event id is recorded, whatever version is expected, also within one call', async () => {
      const append = request();
      expect((await ledger.append([append, append])).map(({ outcome }) => outcome)).toEqual(['appended', 'duplicate']);
      expect(await ledger.append([append])).toEqual([{ outcome: 'duplicate' }]);
      expect(await ledger.append([{ ...append, expectedVersion: 1 }])).toEqual([{ outcome: 'duplicate' }]);
      expect(await ledger.head('default')).toBe(1);
    });

    test('keeps each ledger to itself, with one space of event ids', async () => {
      const id = newId('ckp');
      const [here, there] = [request(id), appendOf(id, [checkpointRequested()], { ledger: 'tenant-b' })];
      await ledger.append([here, there]);
      expect(await ledger.head('default')).toBe(1);
      expect(await ledger.head('tenant-b')).toBe(1);
      expect(await ledger.head('nobody')).toBe(0);
      expect((await ledger.read('tenant-b', all))[0]?.event.id).toBe(there.events[0]!.id);
      expect((await ledger.findEvent(there.events[0]!.id))?.ledger).toBe('tenant-b');
    });

    test('refuses an event of another ledger or stream, with a NUL or without its time of record', async () => {
      const good = request();
      const event = good.events[0]!;
      const { recordedtime: _, ...unrecorded } = event;
      const nul = eventOf(
        { ...checkpointRequested(), data: { ...checkpointRequested().data, run: 'a\0b' } },
        event.subject,
      );
      const surrogate = eventOf(
        { ...checkpointRequested(), data: { ...checkpointRequested().data, run: '\ud800' } },
        event.subject,
      );
      for (const append of [
        { ...good, ledger: 'tenant-b' },
        { ...good, stream: 'checkpoint/other' },
        { ...good, events: [unrecorded as typeof event] },
        { ...good, events: [nul] },
        { ...good, events: [surrogate] },
        { ...good, texts: [{ eventId: event.id, text: 'a\0b', salt: 's' }] },
      ])
        await expect(ledger.append([append])).rejects.toMatchObject({ code: 'EventMalformed' });
      expect(await ledger.head('default')).toBe(0);
    });

    test('takes a backslash before u0000, which is no NUL, and every other text', async () => {
      const run = String.raw`\u0000 \\u0000 " ü 🙂 ` + '\u0001\u2028';
      const append = appendOf(newId('ckp'), [
        { ...checkpointRequested(), data: { ...checkpointRequested().data, run } },
      ]);
      await ledger.append([append]);
      expect((await ledger.read('default', all))[0]?.event).toEqual(append.events[0]);
    });

    test('tells subscribers that a ledger grew, also through another process, until they stop', async () => {
      const other = await subject.openAgain();
      let told: string[] = [];
      const stop = other.onGrowth((grown) => told.push(grown));
      await ledger.append([request()]);
      await expect.poll(() => told, { timeout: 5000, interval: 10 }).toContain('default');
      stop();
      // What was on its way when we stopped is not counted; what comes after is.
      await new Promise((resolve) => setTimeout(resolve, 50));
      told = [];
      await ledger.append([request()]);
      await new Promise((resolve) => setTimeout(resolve, 200));
      expect(told).toEqual([]);
    });

    test('never lets a reader skip, whatever writers interleave', { timeout: 120_000 }, async () => {
      const step = fc.record({
        writer: fc.nat({ max: 1 }),
        stream: fc.nat({ max: 3 }),
        events: fc.integer({ min: 1, max: 3 }),
      });
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 30 }), async (steps) => {
          const first = await subject.open();
          const writers = [first, await subject.openAgain()];
          const ids = Array.from({ length: 4 }, () => newId('ckp'));
          let writing = true;
          const seen: number[] = [];
          const follow = async (): Promise<void> => {
            for (;;) {
              const last = !writing;
              const page = await first.read('default', { after: seen.at(-1) ?? 0, limit: 7 });
              seen.push(...page.map(({ position }) => position));
              if (last && page.length === 0) return;
            }
          };
          const reader = follow();
          const appended = await Promise.all(
            steps.map((one) => appendWithRetry(writers[one.writer]!, ids[one.stream]!, one.events)),
          );
          writing = false;
          await reader;
          const total = appended.reduce((sum, count) => sum + count, 0);
          expect(seen).toEqual(Array.from({ length: total }, (_, index) => index + 1));
          for (const id of ids) {
            const versions = (await first.readStream('default', `checkpoint/${id}`)).map(({ version }) => version);
            expect(versions).toEqual(versions.map((_, index) => index + 1));
          }
        }),
        { numRuns: 15 },
      );
    });
  });
}

/** Decides again after each conflict, as every caller does. */
async function appendWithRetry(ledger: Ledger, id: string, count: number): Promise<number> {
  let expectedVersion = 0;
  for (;;) {
    const events = Array.from({ length: count }, (_, n) =>
      expectedVersion + n === 0 ? checkpointRequested() : accepted,
    );
    const [outcome] = await ledger.append([appendOf(id, events, { expectedVersion })]);
    if (outcome?.outcome === 'appended') return count;
    expectedVersion = outcome?.outcome === 'conflict' ? outcome.actualVersion : expectedVersion;
  }
}
