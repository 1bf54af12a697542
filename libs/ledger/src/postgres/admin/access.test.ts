import { newId } from '@stasis/events';
import { startPostgres } from '@stasis/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { appendOf, checkpointRequested } from '../../sampleEvents.ts';
import { startTestLedgers, type TestLedgers } from '../../testDatabase.ts';
import {
  claimIdempotencyKey,
  dropOldIdempotencyKeys,
  eraseEventText,
  findToken,
  getEventTexts,
  getIdempotencyKey,
  letIdempotencyKeyBeTaken,
  listTokens,
  type PostgresLedger,
  putIdempotencyAnswer,
  putToken,
  releaseIdempotencyKey,
  revokeToken,
  verifyLedger,
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

describe('a token', () => {
  test('is found by its secret, which is not kept, until it expires or is revoked', async () => {
    const { database } = ledger;
    const id = newId('sub');
    await putToken(database, { id, name: 'admin', role: 'admin', secret: 'stasis_secret' });
    const expires = new Date(Date.now() - 1000);
    await putToken(database, { id: newId('sub'), name: 'old', role: 'admin', secret: 'stasis_old', expires });
    expect(await findToken(database, 'stasis_secret')).toMatchObject({
      id,
      name: 'admin',
      role: 'admin',
      revoked: null,
    });
    expect(await findToken(database, 'stasis_old')).toBeUndefined();
    expect(await findToken(database, 'stasis_other')).toBeUndefined();
    const kept = await database.query('select t::text as row from tokens t', []);
    expect(JSON.stringify(kept)).not.toContain('stasis_secret');
    expect(await revokeToken(database, id)).toBe(true);
    expect(await findToken(database, 'stasis_secret')).toBeUndefined();
    expect(await revokeToken(database, newId('sub'))).toBe(false);
    expect((await listTokens(database)).map(({ name }) => name).toSorted()).toEqual(['admin', 'old']);
  });
});

describe('an Idempotency-Key', () => {
  const key = { tokenId: 'sub_a', key: 'k1' };
  const claim = { ...key, requestDigest: 'sha256:1' };

  test('is taken once; later claims see the work and then its answer', async () => {
    const { database } = ledger;
    const claims = await Promise.all([claimIdempotencyKey(database, claim), claimIdempotencyKey(database, claim)]);
    expect(claims.filter((found) => found === undefined)).toHaveLength(1);
    expect(await claimIdempotencyKey(database, claim)).toEqual({ requestDigest: 'sha256:1', status: null, body: null });
    await putIdempotencyAnswer(database, { ...key, status: 202, body: { id: 'ckp_1' } });
    const answer = { requestDigest: 'sha256:1', status: 202, body: { id: 'ckp_1' } };
    expect(await claimIdempotencyKey(database, { ...claim, requestDigest: 'sha256:2' })).toEqual(answer);
    expect(await claimIdempotencyKey(database, { ...claim, staleMs: 0 })).toEqual(answer);
    expect(await claimIdempotencyKey(database, { ...claim, tokenId: 'sub_b' })).toBeUndefined();
  });

  test('whose holder died is taken over by the same request only', async () => {
    const { database } = ledger;
    await claimIdempotencyKey(database, claim);
    expect(await claimIdempotencyKey(database, { ...claim, requestDigest: 'sha256:2', staleMs: 0 })).toBeDefined();
    expect(await claimIdempotencyKey(database, { ...claim, staleMs: 0 })).toBeUndefined();
  });

  test('that may be taken over at once is not forgotten with the old ones', async () => {
    const { database } = ledger;
    await claimIdempotencyKey(database, claim);
    await letIdempotencyKeyBeTaken(database, key);
    expect(await dropOldIdempotencyKeys(database, 24 * 60 * 60_000)).toBe(0);
    expect(await claimIdempotencyKey(database, claim)).toBeUndefined();
  });

  test('is free again when released without answer, and forgotten when old', async () => {
    const { database } = ledger;
    await claimIdempotencyKey(database, claim);
    await releaseIdempotencyKey(database, key);
    expect(await getIdempotencyKey(database, key)).toBeUndefined();
    await claimIdempotencyKey(database, claim);
    await putIdempotencyAnswer(database, { ...key, status: 202, body: null });
    await releaseIdempotencyKey(database, key);
    expect(await getIdempotencyKey(database, key)).toBeDefined();
    expect(await dropOldIdempotencyKeys(database, 60_000)).toBe(0);
    expect(await dropOldIdempotencyKeys(database, -1000)).toBe(1);
  });
});

describe('the text of an event', () => {
  test('lies beside the row and can be erased without breaking the ledger', async () => {
    const append = appendOf(newId('ckp'), [checkpointRequested()]);
    const eventId = append.events[0]!.id;
    await ledger.append([{ ...append, texts: [{ eventId, text: 'kernel upgrade', salt: 'c2FsdA' }] }]);
    expect(await getEventTexts(ledger.database, [eventId])).toEqual(
      new Map([[eventId, { text: 'kernel upgrade', salt: 'c2FsdA' }]]),
    );
    expect(await eraseEventText(ledger.database, eventId)).toBe(true);
    expect(await eraseEventText(ledger.database, eventId)).toBe(false);
    expect(await getEventTexts(ledger.database, [eventId])).toEqual(new Map());
    expect(await verifyLedger(ledger.database, 'default')).toEqual({ size: 1, verified: 1 });
  });
});
