import { StasisError } from '@stasis/errors';
import { newId } from '@stasis/events';
import { newPrivateKey, signTreeHeadNote, verifierKey } from '@stasis/proof';
import { startPostgres } from '@stasis/testing';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { appendOf, checkpointLife, containerDiscovered } from '../../sampleEvents.ts';
import { startTestLedgers, type TestLedgers } from '../../testDatabase.ts';
import { type PostgresLedger, rebuildProjections, type Sql, signTreeHead, verifyLedger } from '../index.ts';

const privateKey = newPrivateKey();
let ledgers: TestLedgers;
let ledger: PostgresLedger;
beforeAll(async () => {
  ledgers = await startTestLedgers(await startPostgres());
}, 60_000);
afterAll(() => ledgers.tearDown());
beforeEach(async () => {
  ledger = await ledgers.open();
  await ledger.append([
    appendOf(newId('ckp'), checkpointLife()),
    appendOf('n1/web-1', [containerDiscovered()]),
    appendOf(newId('ckp'), checkpointLife().slice(0, 3)),
  ]);
});

/** What only the owner of the database can do: switch the trigger off and rewrite. */
async function tamper(sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: ledger.database.connectionString });
  await client.connect();
  try {
    const each = (what: 'disable' | 'enable'): string =>
      ['events', 'tree_heads', 'subtree_hashes'].map((table) => `alter table ${table} ${what} trigger all`).join(';');
    await client.query(`${each('disable')}; ${sql}; ${each('enable')}`);
  } finally {
    await client.end();
  }
}

describe('the ledger', () => {
  test.each([
    "update events set type = 'x'",
    'delete from events where false',
    'truncate events',
    "update tree_heads set note = 'x'",
    'delete from tree_heads where false',
    'truncate tree_heads',
    'update subtree_hashes set height = 9',
    'delete from subtree_hashes where false',
    'truncate subtree_hashes',
  ])('refuses %s', async (sql) => {
    const client = new pg.Client({ connectionString: ledger.database.connectionString });
    await client.connect();
    await expect(client.query(sql)).rejects.toThrow('the ledger is append-only');
    await client.end();
  });
});

/** Appends events until there are `size`, and signs a head. */
async function growTo(size: number): Promise<void> {
  const missing = size - (await ledger.head('default'));
  await ledger.append(Array.from({ length: missing }, () => appendOf(newId('ckp'), checkpointLife().slice(0, 1))));
  await signTreeHead(ledger.database, { ledger: 'default', privateKey });
}

describe('verify', () => {
  test('says that a sound ledger is sound, also an empty one', async () => {
    expect(await verifyLedger(ledger.database, 'default')).toEqual({ size: 11, verified: 11 });
    expect(await verifyLedger(ledger.database, 'nobody')).toEqual({ size: 0, verified: 0 });
  });

  const rewrittenLeaf = `convert_to(replace(convert_from(leaf, 'UTF8'), '"bytes":4096', '"bytes":4097'), 'UTF8')`;
  test.each([
    [
      'a leaf',
      `update events set leaf = ${rewrittenLeaf} where position = 3`,
      3,
      'the leaf hash is not that of the leaf',
    ],
    [
      'a leaf with its hash',
      `update events set leaf = ${rewrittenLeaf}, leaf_hash = sha256('\\x00'::bytea || ${rewrittenLeaf}) where position = 3`,
      3,
      'the leaf says otherwise than column data',
    ],
    ['a type', `update events set type = 'dev.stasis.checkpoint.failed.v1' where position = 7`, 7, 'column type'],
    ['a time', `update events set occurred = occurred + interval '1 ms' where position = 2`, 2, 'column occurred'],
    ['a datum', `update events set data = data || '{"bytes": 1}' where position = 4`, 4, 'column data'],
    ['a stream', `update events set stream = 'checkpoint/x' where position = 11`, 11, 'the row to checkpoint/x'],
    ['a version', `update events set version = 9 where position = 11`, 11, 'where 3 comes next'],
    ['a row away', `delete from events where position = 5`, 5, 'the row is missing'],
    ['the last row away', `delete from events where position = 11`, 11, 'the row is missing'],
    ['a hash', `update events set leaf_hash = sha256('') where position = 1`, 1, 'the leaf hash'],
    ['a leaf into no text', `update events set leaf = '\\xff' where position = 6`, 6, 'cannot be read'],
  ])('names the first position that does not fit when someone changed %s', async (_, sql, position, why) => {
    await tamper(sql);
    expect(await verifyLedger(ledger.database, 'default')).toEqual({
      size: 11,
      verified: position - 1,
      firstBad: { position, why: expect.stringContaining(why) },
    });
  });

  test('catches an event that was replaced with everything derived from it, by the signed tree head', async () => {
    await signTreeHead(ledger.database, { ledger: 'default', privateKey: newPrivateKey() });
    await tamper(`update events set leaf = ${rewrittenLeaf}, leaf_hash = sha256('\\x00'::bytea || ${rewrittenLeaf}),
      data = (convert_from(${rewrittenLeaf}, 'UTF8')::jsonb)->'data' where position = 3`);
    expect((await verifyLedger(ledger.database, 'default')).firstBad).toEqual({
      position: 11,
      why: expect.stringContaining('the signed tree head of size 11 has another root'),
    });
  });

  test('refuses tree heads that another key signed, or that are kept under another size', async () => {
    const privateKey = newPrivateKey();
    const keyOf = (seed: Uint8Array): string => verifierKey({ name: 'stasis/default', privateKey: seed });
    await signTreeHead(ledger.database, { ledger: 'default', privateKey });
    const { database } = ledger;
    expect(await verifyLedger(database, 'default', { verifierKey: keyOf(privateKey) })).toEqual({
      size: 11,
      verified: 11,
    });
    expect(await verifyLedger(database, 'default', { verifierKey: keyOf(newPrivateKey()) })).toMatchObject({
      verified: 10,
      firstBad: { position: 11, why: expect.stringContaining('cannot be trusted') as string },
    });
    await tamper('update tree_heads set size = 4');
    expect((await verifyLedger(database, 'default')).firstBad).toEqual({
      position: 4,
      why: 'the tree head kept as size 4 is signed for size 11',
    });
    await tamper(`update events set type = 'dev.stasis.other.v1' where position = 2`);
    expect((await verifyLedger(database, 'default')).firstBad).toMatchObject({ position: 2 });
  });

  /** Two rows change places: everything but position and stream's version goes with the event. */
  const swap = (one: number, two: number): string => `
    create temporary table moved as select * from events where position in (${one}, ${two});
    delete from events where position in (${one}, ${two});
    insert into events select ledger, ${one + two} - position, stream, version, event_id, type, subject, source, occurred,
      recorded, auth_id, correlation_id, data, leaf, leaf_hash from moved`;

  test('names the place where rows of one stream are out of order', async () => {
    await tamper(swap(2, 3));
    expect((await verifyLedger(ledger.database, 'default')).firstBad).toEqual({
      position: 2,
      why: expect.stringContaining('rows are missing or out of order'),
    });
  });

  test('catches rows of different streams that changed places, and a rewritten history, between the heads that tell', async () => {
    await growTo(12);
    await growTo(15);
    await growTo(16);
    await tamper(swap(13, 14));
    expect(await verifyLedger(ledger.database, 'default')).toEqual({
      size: 16,
      verified: 12,
      firstBad: {
        position: 15,
        why: expect.stringContaining('of positions 13 to 15 an event was replaced, moved or added'),
      },
    });
  });

  test('tells a forked head from rewritten rows', async () => {
    await growTo(12);
    await growTo(15);
    await growTo(16);
    const other = signTreeHeadNote(
      { origin: 'stasis/default', size: 15, root: new Uint8Array(32) },
      { name: 'stasis/default', privateKey },
    );
    await tamper(`update tree_heads set note = '${other}' where size = 15`);
    expect(await verifyLedger(ledger.database, 'default')).toEqual({
      size: 16,
      verified: 14,
      firstBad: { position: 15, why: expect.stringContaining('is of another history (a fork)') },
    });
  });

  test.each([
    ['changed', `update subtree_hashes set hash = sha256('x') where height = 9`, 512, 'positions 1 to 512 is not that'],
    ['missing', 'delete from subtree_hashes where height = 8 and index = 0', 256, 'positions 1 to 256 is missing'],
  ])('names the subtree hash that is %s', async (_, sql, position, why) => {
    await growTo(600);
    expect(await verifyLedger(ledger.database, 'default')).toEqual({ size: 600, verified: 600 });
    await tamper(sql);
    expect((await verifyLedger(ledger.database, 'default')).firstBad).toEqual({
      position,
      why: expect.stringContaining(why),
    });
  });

  test('blames no row when Postgres goes away in the middle', async () => {
    const { database } = ledger;
    const failing: Sql['query'] = (text, values) => {
      if (text.includes('leaf_hash')) throw new StasisError('AuditUnavailable', 'the database does not answer');
      return database.query(text, values);
    };
    await expect(verifyLedger({ ...database, query: failing }, 'default')).rejects.toMatchObject({
      code: 'AuditUnavailable',
    });
  });

  test('takes no offence at what is appended and signed while it looks', async () => {
    const { database } = ledger;
    const busy: Sql['query'] = async (text, values) => {
      const rows = await database.query<never>(text, values);
      await growTo((await ledger.head('default')) + 1);
      return rows;
    };
    expect(await verifyLedger({ ...database, query: busy }, 'default')).not.toHaveProperty('firstBad');
  });

  test('catches a tail that was cut together with the head, by the signed tree head', async () => {
    await signTreeHead(ledger.database, { ledger: 'default', privateKey: newPrivateKey() });
    await tamper(
      `delete from events where position > 9; update ledger_heads set position = 9 where ledger = 'default'`,
    );
    expect(await verifyLedger(ledger.database, 'default')).toMatchObject({
      size: 11,
      verified: 9,
      firstBad: { position: 10 },
    });
  });
});

describe('rebuild', () => {
  const rows = { checkpoint: 2, restore: 0, container: 1, node: 0 };
  const differingOf = async (): Promise<Record<string, number>> => {
    const { differing } = await rebuildProjections(ledger.database, 'default');
    return Object.fromEntries(Object.entries(differing).filter(([, count]) => count > 0));
  };

  test('gives identical rows', async () => {
    expect(await rebuildProjections(ledger.database, 'default')).toMatchObject({ events: 11, rows });
    expect(await differingOf()).toEqual({});
  });

  test('repairs changed, missing and surplus rows and says how many', async () => {
    await ledger.database.query(`update checkpoints set phase = 'Failed' where created = 1 returning 1 as one`, []);
    await ledger.database.query(`delete from containers returning 1 as one`, []);
    await ledger.database.query(
      `insert into nodes (ledger, id, status, created, position, body) values ('default', 'x', 'lost', 1, 1, '{}') returning 1 as one`,
      [],
    );
    expect(await differingOf()).toEqual({ checkpoint: 1, container: 1, node: 1 });
    expect(await rebuildProjections(ledger.database, 'default')).toMatchObject({ rows });
    expect(await differingOf()).toEqual({});
  });

  test('adds subtree hashes that are missing, and counts a wrong one without changing it', async () => {
    await growTo(600);
    await tamper(`delete from subtree_hashes where height = 9;
      update subtree_hashes set hash = sha256('x') where height = 8 and index = 1`);
    expect(await differingOf()).toEqual({ subtree_hashes: 2 });
    expect(await differingOf()).toEqual({ subtree_hashes: 1 });
  });
});
