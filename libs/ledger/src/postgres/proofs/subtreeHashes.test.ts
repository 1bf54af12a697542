import { consistencyProof, inclusionProof, newPrivateKey, rootOf, toHex } from '@stasis/proof';
import { startPostgres } from '@stasis/testing';
import fc from 'fast-check';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestLedgers, type TestLedgers } from '../../testDatabase.ts';
import { type PostgresLedger, proveConsistency, proveInclusion, type Sql, signTreeHead } from '../index.ts';

let ledgers: TestLedgers;
let ledger: PostgresLedger;
beforeAll(async () => {
  ledgers = await startTestLedgers(await startPostgres());
  ledger = await ledgers.open();
}, 60_000);
afterAll(() => ledgers.tearDown());

const privateKey = newPrivateKey();
const owner = async (sql: string): Promise<void> => {
  const client = new pg.Client({ connectionString: ledger.database.connectionString });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
};
/** Rows with nothing but their leaf hashes right, which is all that a tree reads. */
const rowsFrom = (name: string, from: number, to: number): string =>
  `insert into events select '${name}', n, '${name}', n, '${name}/' || n, '', '', '', now(), now(), '', '', '{}', '',
     sha256('\\x00'::bytea || n::text::bytea) from generate_series(${from + 1}, ${to}) n;
   insert into ledger_heads values ('${name}', ${to}) on conflict (ledger) do update set position = excluded.position`;
const leavesOf = async (name: string): Promise<Uint8Array[]> =>
  (
    await ledger.database.query<{ leaf_hash: Uint8Array }>(
      'select leaf_hash from events where ledger = $1 order by position',
      [name],
    )
  ).map((row) => row.leaf_hash);
const hex = (hashes: readonly Uint8Array[]): string[] => hashes.map(toHex);

/** What a piece of work asks the database, and how many rows come back. */
async function statementsOf(work: (sql: Sql) => Promise<unknown>): Promise<{ statements: number; rows: number }> {
  const seen = { statements: 0, rows: 0 };
  const query: Sql['query'] = async (text, values) => {
    const rows = await ledger.database.query<never>(text, values);
    seen.statements += 1;
    seen.rows += rows.length;
    return rows;
  };
  await work({ query });
  return seen;
}

describe('proofs from subtree rows', () => {
  let ledgersMade = 0;
  test('are those that all leaf hashes give, however the ledger grew', { timeout: 180_000 }, async () => {
    const growth = fc.array(fc.oneof(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 200, max: 900 })), {
      minLength: 1,
      maxLength: 5,
    });
    await fc.assert(
      fc.asyncProperty(growth, fc.array(fc.nat(), { minLength: 12, maxLength: 12 }), async (steps, picks) => {
        const name = `l${(ledgersMade += 1)}`;
        let size = 0;
        for (const step of steps) {
          await owner(rowsFrom(name, size, size + step));
          size += step;
          const head = await signTreeHead(ledger.database, { ledger: name, privateKey });
          expect(toHex(head.root)).toBe(toHex(rootOf(await leavesOf(name))));
        }
        const leaves = await leavesOf(name);
        for (const pick of picks) {
          const to = (pick % size) + 1;
          const from = (pick * 7) % (to + 1);
          const some = leaves.slice(0, to);
          const position = ((pick * 13) % to) + 1;
          expect(hex(await proveInclusion(ledger.database, { ledger: name, position, treeSize: to }))).toEqual(
            hex(inclusionProof(some, position - 1)),
          );
          expect(hex(await proveConsistency(ledger.database, { ledger: name, from, to }))).toEqual(
            hex(consistencyProof(some, from)),
          );
        }
      }),
      { numRuns: 15 },
    );
  });

  test(
    'read a few hundred rows in two statements, of a ledger of 70,000 events as of one of 1,000',
    { timeout: 120_000 },
    async () => {
      const cost = async (name: string, size: number): Promise<void> => {
        await owner(rowsFrom(name, 0, size));
        await signTreeHead(ledger.database, { ledger: name, privateKey });
        for (const position of [1, Math.floor(size / 3), size]) {
          const seen = await statementsOf((sql) => proveInclusion(sql, { ledger: name, position, treeSize: size }));
          expect(seen.statements).toBeLessThanOrEqual(2);
          expect(seen.rows).toBeLessThan(2 * 256 + 20);
        }
      };
      await cost('small', 1000);
      await cost('large', 70_000);
      const leaves = await leavesOf('large');
      expect(
        hex(await proveInclusion(ledger.database, { ledger: 'large', position: 65_537, treeSize: 70_000 })),
      ).toEqual(hex(inclusionProof(leaves, 65_536)));
    },
  );

  test('of a size that is not signed yet are refused, and so is a tree with a row away', async () => {
    await owner(rowsFrom('short', 0, 600));
    await signTreeHead(ledger.database, { ledger: 'short', privateKey });
    const prove = () => proveInclusion(ledger.database, { ledger: 'short', position: 1, treeSize: 600 });
    expect(await prove()).toHaveLength(10);
    await expect(
      proveInclusion(ledger.database, { ledger: 'short', position: 1, treeSize: 800 }),
    ).rejects.toMatchObject({ code: 'BadRequest', message: expect.stringContaining('signed up to size 600') });
    await owner(`alter table subtree_hashes disable trigger all; delete from subtree_hashes where ledger = 'short';
      alter table subtree_hashes enable trigger all`);
    await expect(prove()).rejects.toMatchObject({ code: 'LedgerCorrupt' });
    // The next head makes them anew.
    await owner(rowsFrom('short', 600, 601));
    await signTreeHead(ledger.database, { ledger: 'short', privateKey });
    expect(await prove()).toHaveLength(10);
  });

  test.each([
    ['events', `update events set leaf_hash = sha256('x') where ledger = 'forged-events' and position = 599`],
    [
      'subtree_hashes',
      `update subtree_hashes set hash = sha256('x') where ledger = 'forged-subtree_hashes' and height = 9`,
    ],
  ])('are not extended by a new head when rows of %s below the last head changed', async (table, change) => {
    const name = `forged-${table}`;
    await owner(rowsFrom(name, 0, 600));
    await signTreeHead(ledger.database, { ledger: name, privateKey });
    await owner(`alter table ${table} disable trigger all; ${change}; alter table ${table} enable trigger all`);
    await owner(rowsFrom(name, 600, 601));
    await expect(signTreeHead(ledger.database, { ledger: name, privateKey })).rejects.toMatchObject({
      code: 'LedgerCorrupt',
      message: expect.stringContaining('no longer has the root that was signed at size 600'),
    });
  });
});
