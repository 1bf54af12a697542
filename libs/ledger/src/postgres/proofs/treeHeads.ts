import { StasisError } from '@stasis/errors';
import { equalBytes, originOf, signTreeHeadNote } from '@stasis/proof';
import type { LedgerDatabase, Sql } from '../database.ts';
import { readHeads } from '../read/readHeads.ts';
import { growTree } from './growTree.ts';
import { rootsOfRanges } from './subtreeHashes.ts';

export interface SignedTreeHead {
  readonly ledger: string;
  readonly size: number;
  readonly root: Uint8Array;
  /** C2SP signed note: what outsiders get. */
  readonly note: string;
  /** ISO 8601. */
  readonly created: string;
}

type Row = Omit<SignedTreeHead, 'created'> & { readonly created: Date };

const columns = 'ledger, size::float8 as size, root, note, created';
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
 * Signs what the ledger is now. It is the signer that keeps the subtree hashes (see `growTree`), in the transaction of the
 * head that needs them, so an append pays nothing for the tree. When nothing was appended since, the last head is returned
 * as it is; an empty ledger gets a head of size 0. Two signers at once are harmless: the same size is kept once.
 * @throws StasisError LedgerCorrupt when rows are missing, or when the rows no longer have the root that was signed last.
 */
export async function signTreeHead(
  database: LedgerDatabase,
  { ledger, privateKey }: { readonly ledger: string; readonly privateKey: Uint8Array },
): Promise<SignedTreeHead> {
  const last = await lastRow(database, ledger);
  const size = (await readHeads(database)).get(ledger) ?? 0;
  if (last !== undefined && last.size === size) return headOf(last);
  await database.transaction(async (sql) => {
    const root = await growTree(sql, ledger, size);
    if (last !== undefined) await checkRoot(sql, last);
    const origin = originOf(ledger);
    const note = signTreeHeadNote({ origin, size, root }, { name: origin, privateKey });
    await sql.query(
      `insert into tree_heads (ledger, size, root, note) values ($1, $2::bigint, $3::bytea, $4)
       on conflict (ledger, size) do nothing returning 1 as one`,
      [ledger, String(size), root, note],
    );
  });
  return (await treeHeadOfSize(database, ledger, size))!;
}

/** A tree that was changed behind our back gets no new head that would make the change look signed. */
async function checkRoot(sql: Sql, { ledger, size, root }: Row): Promise<void> {
  const [now] = await rootsOfRanges(sql, ledger, [{ from: 0, to: size }]);
  if (!equalBytes(now!, root))
    throw new StasisError(
      'LedgerCorrupt',
      `ledger "${ledger}" no longer has the root that was signed at size ${size}`,
      {
        next: 'Run `stasis ledger verify`; no new head is signed meanwhile.',
      },
    );
}
