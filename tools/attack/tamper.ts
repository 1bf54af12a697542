import { canonicalBytes } from '@stasis/events';
import type { LedgerDatabase } from '@stasis/ledger/postgres';
import { leafHash, originOf, signTreeHeadNote, TreeFrontier } from '@stasis/proof';
import pg from 'pg';
import { growTree } from '../../libs/ledger/src/postgres/proofs/growTree.ts';

const ledger = 'default';
const aside = 2 ** 40;

/** What the owner of the database can do to a ledger: every statement runs as superuser with the triggers off. */
export interface Tamper {
  sql(text: string, values?: readonly unknown[]): Promise<void>;
  /** Another actor in the event at a position, in the leaf only. */
  changeLeaf(position: number): Promise<void>;
  /** The same in every place: leaf, leaf hash and derived column agree again. */
  replaceEvent(position: number): Promise<void>;
  /** Two events change places. */
  swap(one: number, other: number): Promise<void>;
  /** Takes every event above `size` away, with all that counts them; `heads` as well, so that nothing here points beyond. */
  cutTail(size: number, options: { readonly heads: boolean }): Promise<void>;
  /** Makes each tree head from `from` up anew over the rows as they are now, signed with a key, and the tree's rows too. */
  signAnew(from: number, privateKey: Uint8Array): Promise<void>;
  /** Puts another root under the head of one size, signed with a key. */
  forkHead(size: number, privateKey: Uint8Array): Promise<void>;
}

/** Tampers with one database. */
export async function tamperWith(
  connectionString: string,
  database: LedgerDatabase,
  work: (tamper: Tamper) => Promise<void>,
): Promise<void> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    await client.query('set session_replication_role = replica');
    await work(tools(client, database));
  } finally {
    await client.end();
  }
}

const tools = (client: pg.Client, database: LedgerDatabase): Tamper => {
  const sql = async (text: string, values: readonly unknown[] = []): Promise<void> => {
    await client.query(text, [...values]);
  };
  const otherLeaf = async (position: number): Promise<Uint8Array> => {
    const { rows } = await client.query<{ leaf: Buffer }>(
      'select leaf from events where ledger = $1 and position = $2',
      [ledger, position],
    );
    return canonicalBytes({ ...JSON.parse(rows[0]!.leaf.toString()), authid: 'sub_nobody' });
  };
  const signHead = (size: number, root: Uint8Array, privateKey: Uint8Array): Promise<void> => {
    const origin = originOf(ledger);
    const note = signTreeHeadNote({ origin, size, root }, { name: origin, privateKey });
    return sql('update tree_heads set root = $3, note = $4 where ledger = $1 and size = $2', [
      ledger,
      size,
      root,
      note,
    ]);
  };
  return {
    sql,
    changeLeaf: async (position) =>
      sql('update events set leaf = $3 where ledger = $1 and position = $2', [
        ledger,
        position,
        await otherLeaf(position),
      ]),
    replaceEvent: async (position) => {
      const leaf = await otherLeaf(position);
      await sql(
        `update events set leaf = $3, leaf_hash = $4, auth_id = 'sub_nobody' where ledger = $1 and position = $2`,
        [ledger, position, leaf, leafHash(leaf)],
      );
    },
    swap: async (one, other) => {
      // By way of a position far above the last.
      for (const [from, to] of [
        [one, aside],
        [other, one],
        [aside, other],
      ])
        await sql('update events set position = $3 where ledger = $1 and position = $2', [ledger, from, to]);
    },
    cutTail: async (size, { heads }) => {
      await sql('delete from events where ledger = $1 and position > $2', [ledger, size]);
      await sql('update ledger_heads set position = $2 where ledger = $1', [ledger, size]);
      if (!heads) return;
      await sql('delete from tree_heads where ledger = $1 and size > $2', [ledger, size]);
      await sql('delete from subtree_hashes where ledger = $1 and (index + 1) * 2 ^ height > $2', [ledger, size]);
    },
    signAnew: async (from, privateKey) => {
      await sql('delete from subtree_hashes where ledger = $1', [ledger]);
      const { rows } = await client.query<{ leaf_hash: Buffer; head: boolean }>(
        `select leaf_hash, exists (select from tree_heads h where h.ledger = e.ledger and h.size = e.position) as head
         from events e where ledger = $1 order by position`,
        [ledger],
      );
      const frontier = new TreeFrontier();
      for (const row of rows) {
        frontier.append(row.leaf_hash);
        if (row.head && frontier.size >= from) await signHead(frontier.size, frontier.root(), privateKey);
      }
      await growTree(database, ledger, rows.length);
    },
    forkHead: (size, privateKey) => signHead(size, leafHash(Uint8Array.of(size % 256)), privateKey),
  };
};
