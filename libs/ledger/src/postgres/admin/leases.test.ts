import { setTimeout as sleep } from 'node:timers/promises';
import { startPostgres } from '@stasis/testing';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { startTestLedgers, type TestLedgers } from '../../testDatabase.ts';
import { acquireLease, type PostgresLedger, releaseLease } from '../index.ts';

let ledgers: TestLedgers;
let ledger: PostgresLedger;
beforeAll(async () => {
  ledgers = await startTestLedgers(await startPostgres());
}, 60_000);
afterAll(() => ledgers.tearDown());
beforeEach(async () => {
  ledger = await ledgers.open();
});

const acquire = (holder: string, ttlMs = 60_000) => acquireLease(ledger.database, 'relay', holder, ttlMs);

test('has one holder, who keeps its fencing number while it renews', async () => {
  expect(await acquire('a')).toEqual({ fencing: 1 });
  expect(await acquire('b')).toBeUndefined();
  expect(await acquire('a')).toEqual({ fencing: 1 });
});

test('goes to another with a higher number once it ran out or was given back', async () => {
  await acquire('a', 30);
  await sleep(60);
  expect(await acquire('b')).toEqual({ fencing: 2 });
  expect(await acquire('a')).toBeUndefined();
  await releaseLease(ledger.database, 'relay', 'a');
  expect(await acquire('a')).toBeUndefined();
  await releaseLease(ledger.database, 'relay', 'b');
  expect(await acquire('a')).toEqual({ fencing: 3 });
});

test('gives a holder that slept past the end a higher number, even when nobody came between', async () => {
  await acquire('a', 30);
  await sleep(60);
  expect(await acquire('a')).toEqual({ fencing: 2 });
});

test('is won by exactly one of many that come at once', async () => {
  const won = await Promise.all(Array.from({ length: 8 }, (_, n) => acquire(`h${n}`)));
  expect(won.filter((lease) => lease !== undefined)).toEqual([{ fencing: 1 }]);
});
