import { StasisError } from '@stasis/errors';
import { originOf, signTreeHeadNote, TreeFrontier } from '@stasis/proof';
import type { LedgerDatabase, Sql } from '../database.ts';
import { readHeads } from '../read/readHeads.ts';
import { leafHashes } from './leafHashes.ts';

export interface SignedTreeHead {
  readonly ledger: string;
  readonly size: number;
  readonly root: Uint8Array;
  /** C2SP signed note: what outsiders get. */
  readonly note: string;
  /** ISO 8601. */
  readonly created: string;
}

type Row = Omit<SignedTreeHead, 'created'> & { readonly created: Date; readonly frontier: Uint8Array };

const columns = 'ledger, size::float8 as size, root, note, created, frontier';
const headOf = ({ ledger, size, root, note, created }: Row): SignedTreeHead => ({
  ledger,
  size,
  root,
  note,
  created: created.toISOString(),
});

async function lastRow(sql: Sql, ledger: string): Promise<Row | undefined> {
  const [row] = await sql.query<Row>(
    `select ${columns} from tree_heads where ledger = $1 order by tree_heads.size desc limit 1`,
    [ledger],
  );
  return row;
}

/** The newest tree head; absent = none was signed yet. */
export async function latestTreeHead(sql: Sql, ledger: string): Promise<SignedTreeHead | undefined> {
  const row = await lastRow(sql, ledger);
  return row && headOf(row);
}

/** The tree head of exactly this size. */
export async function treeHeadOfSize(sql: Sql, ledger: string, size: number): Promise<SignedTreeHead | undefined> {
  const [row] = await sql.query<Row>(`select ${columns} from tree_heads where ledger = $1 and size = $2::bigint`, [
    ledger,
    String(size),
  ]);
  return row && headOf(row);
}

/**
 * Signs what the ledger is now, going on from the last head's frontier: work for the new leaves only. When nothing was
 * appended since, the last head is returned as it is; an empty ledger gets a head of size 0. Two signers at once are
 * harmless: the same size is kept once.
 * @throws StasisError LedgerCorrupt when rows between the last head and the ledger's head are missing.
 */
export async function signTreeHead(
  database: LedgerDatabase,
  { ledger, privateKey }: { readonly ledger: string; readonly privateKey: Uint8Array },
): Promise<SignedTreeHead> {
  const last = await lastRow(database, ledger);
  const size = (await readHeads(database)).get(ledger) ?? 0;
  if (last !== undefined && last.size === size) return headOf(last);
  const from = last?.size ?? 0;
  const frontier = last === undefined ? new TreeFrontier() : TreeFrontier.fromBytes(from, last.frontier);
  for await (const hash of leafHashes(database, ledger, from, size)) frontier.append(hash);
  if (frontier.size !== size)
    throw new StasisError(
      'LedgerCorrupt',
      `ledger "${ledger}" has ${frontier.size} rows of ${size}; no head is signed`,
      {
        next: 'Run `stasis ledger verify`.',
      },
    );
  const origin = originOf(ledger);
  const root = frontier.root();
  const note = signTreeHeadNote({ origin, size, root }, { name: origin, privateKey });
  await database.query(
    `insert into tree_heads (ledger, size, root, frontier, note) values ($1, $2::bigint, $3::bytea, $4::bytea, $5)
     on conflict (ledger, size) do nothing returning 1 as one`,
    [ledger, String(size), root, frontier.toBytes(), note],
  );
  return (await treeHeadOfSize(database, ledger, size))!;
}
