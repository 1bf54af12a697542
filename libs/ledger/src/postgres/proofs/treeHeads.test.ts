import { leafOf, newId } from '@stasis/events';
import {
  leafHash,
  newPrivateKey,
  openTreeHead,
  parseVerifierKey,
  verifierKey,
  verifyConsistency,
  verifyInclusion,
} from '@stasis/proof';
import { startPostgres } from '@stasis/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { appendOf, checkpointLife } from '../../sampleEvents.ts';
import { startTestLedgers, type TestLedgers } from '../../testDatabase.ts';
import {
  latestTreeHead,
  type PostgresLedger,
  proveConsistency,
  proveInclusion,
  signTreeHead,
  treeHeadOfSize,
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

const signer = { ledger: 'default', privateKey: newPrivateKey() };
const publicKey = verifierKey({ name: 'stasis/default', privateKey: signer.privateKey });
const life = () => appendOf(newId('ckp'), checkpointLife());

describe('a tree head', () => {
  test('of an empty ledger has size 0', async () => {
    expect(await latestTreeHead(ledger.database, 'default')).toBeUndefined();
    expect(await signTreeHead(ledger.database, signer)).toMatchObject({ size: 0 });
  });

  test('is made once a size and goes on from the last one', async () => {
    await ledger.append([life()]);
    const first = await signTreeHead(ledger.database, signer);
    expect(await signTreeHead(ledger.database, signer)).toEqual(first);
    await ledger.append([life()]);
    const second = await signTreeHead(ledger.database, signer);
    expect([first.size, second.size]).toEqual([7, 14]);
    expect(await latestTreeHead(ledger.database, 'default')).toEqual(second);
    expect(await treeHeadOfSize(ledger.database, 'default', 7)).toEqual(first);
  });

  test('lets an outsider with the public key check each event and that nothing was rewritten', async () => {
    await ledger.append([life()]);
    const older = await signTreeHead(ledger.database, signer);
    await ledger.append([life(), life()]);
    const { note } = await signTreeHead(ledger.database, signer);
    const head = openTreeHead(note, [parseVerifierKey(publicKey)], 'stasis/default');
    const recorded = await ledger.read('default', { after: 0, limit: 100 });
    for (const { position, event } of recorded) {
      const hashes = await proveInclusion(ledger.database, { ledger: 'default', position, treeSize: head.size });
      const claim = { leafHash: leafHash(leafOf(event)), leafIndex: position - 1, treeSize: head.size, hashes };
      expect(verifyInclusion({ ...claim, root: head.root })).toBe(true);
    }
    const hashes = await proveConsistency(ledger.database, { ledger: 'default', from: older.size, to: head.size });
    const sizes = { fromSize: older.size, toSize: head.size };
    expect(verifyConsistency({ ...sizes, fromRoot: older.root, toRoot: head.root, hashes })).toBe(true);
    await expect(proveInclusion(ledger.database, { ledger: 'default', position: 1, treeSize: 22 })).rejects.toThrow(
      'signed up to size 21, not 22',
    );
  });
});
