import { isStasisError, messageOf, StasisError } from '@stasis/errors';
import {
  type NoteVerifier,
  openTreeHead,
  originOf,
  parseTreeHead,
  parseVerifierKey,
  type Subtree,
} from '@stasis/proof';
import type { Sql } from '../database.ts';
import { lowestKept, type SubtreeRow } from '../proofs/subtreeHashes.ts';

export interface LedgerRow {
  readonly position: number;
  readonly stream: string;
  readonly version: number;
  readonly leaf_hash: Uint8Array;
  /** The leaf. */
  readonly text: string;
  /** Names of derived columns that do not say what the leaf says; null = none. */
  readonly differing: readonly string[] | null;
}

/** A stretch of a ledger, with what was kept of its tree. */
export interface LedgerPage {
  readonly rows: readonly LedgerRow[];
  /** Why the row after these cannot be read. */
  readonly broken?: string;
  /** Roots by size, as the notes of the tree heads say them, or why one cannot be believed. */
  readonly heads: ReadonlyMap<number, Uint8Array | StasisError>;
  /** By `subtreeKey`. */
  readonly subtrees: ReadonlyMap<string, Uint8Array>;
}

export const subtreeKey = ({ height, index }: Subtree): string => `${height}/${index}`;

const pageSize = 2000;

/** Each derived column beside its derivation from the leaf `j`, as libs/ledger's insertEvents writes it. */
const derivations = {
  event_id: `j->>'id'`,
  type: `j->>'type'`,
  subject: `j->>'subject'`,
  source: `j->>'source'`,
  occurred: `(j->>'time')::timestamptz`,
  recorded: `(j->>'recordedtime')::timestamptz`,
  auth_id: `j->>'authid'`,
  correlation_id: `j->>'correlationid'`,
  data: `j->'data'`,
  ledger: `j->>'ledger'`,
};
const allEqual = Object.entries(derivations)
  .map(([column, derivation]) => `${column} = ${derivation}`)
  .join(' and ');
const differing = Object.entries(derivations)
  .map(([column, derivation]) => `case when ${column} is distinct from ${derivation} then '${column}' end`)
  .join(', ');

const readRows = (sql: Sql, ledger: string, after: number, to: number): Promise<LedgerRow[]> =>
  sql.query<LedgerRow>(
    `select position::float8 as position, stream, version, leaf_hash, text,
            case when ${allEqual} then null else array_remove(array[${differing}], null) end as differing
     from (select r.*, text::jsonb as j
           from (select e.*, convert_from(e.leaf, 'UTF8') as text from events e
                 where e.ledger = $1 and e.position > $2::bigint and e.position <= $3::bigint
                 order by e.position offset 0) r offset 0) r
     order by position`,
    [ledger, String(after), String(to)],
  );

/**
 * A whole ledger up to `size`, in order and without end: a page is read while the one before it is looked at. A page with
 * fewer rows than positions lacks some; what is done then is the caller's.
 */
export async function* ledgerPages(
  sql: Sql,
  { ledger, size, verifierKey }: { ledger: string; size: number; verifierKey: string | undefined },
): AsyncGenerator<LedgerPage> {
  const read = (after: number): Promise<LedgerPage> | undefined => {
    if (after >= size) return undefined;
    const page = readPage(sql, ledger, after, Math.min(size, after + pageSize), verifierKey);
    // Whether it failed is looked at when its turn comes.
    page.catch(() => {});
    return page;
  };
  let next = read(0);
  for (let after = 0; next !== undefined;) {
    const page = await next;
    after += pageSize;
    next = page.broken === undefined ? read(after) : undefined;
    yield page;
  }
}

async function readPage(
  sql: Sql,
  ledger: string,
  after: number,
  to: number,
  verifierKey: string | undefined,
): Promise<LedgerPage> {
  const [rows, heads, subtrees] = await Promise.all([
    readableRows(sql, ledger, after, to),
    readHeadRoots(sql, ledger, after, to, verifierKey),
    readSubtrees(sql, ledger, after, to),
  ]);
  return { ...rows, heads, subtrees };
}

/** A page that holds an unreadable leaf cannot be had whole: the rows before it, one by one. */
async function readableRows(
  sql: Sql,
  ledger: string,
  after: number,
  to: number,
): Promise<Pick<LedgerPage, 'rows' | 'broken'>> {
  try {
    return { rows: await readRows(sql, ledger, after, to) };
  } catch (error) {
    // Postgres is away: that says nothing about the rows.
    if (isStasisError(error)) throw error;
    if (to - after === 1) return { rows: [], broken: `the leaf cannot be read: ${messageOf(error)}` };
    const middle = Math.floor((after + to) / 2);
    const first = await readableRows(sql, ledger, after, middle);
    if (first.broken !== undefined) return first;
    const second = await readableRows(sql, ledger, middle, to);
    return { ...second, rows: [...first.rows, ...second.rows] };
  }
}

async function readHeadRoots(
  sql: Sql,
  ledger: string,
  after: number,
  to: number,
  verifierKey: string | undefined,
): Promise<Map<number, Uint8Array | StasisError>> {
  const rows = await sql.query<{ size: number; note: string }>(
    `select size::float8 as size, note from tree_heads
      where ledger = $1 and tree_heads.size > $2::bigint and tree_heads.size <= $3::bigint`,
    [ledger, String(after), String(to)],
  );
  const verifier = verifierKey === undefined ? undefined : parseVerifierKey(verifierKey);
  return new Map(rows.map(({ size, note }) => [size, rootOfHead(note, size, originOf(ledger), verifier)]));
}

function rootOfHead(
  note: string,
  size: number,
  origin: string,
  verifier: NoteVerifier | undefined,
): Uint8Array | StasisError {
  try {
    const head = verifier === undefined ? parseTreeHead(note) : openTreeHead(note, [verifier], origin);
    if (head.size === size) return head.root;
    return new StasisError('IntegrityMismatch', `the tree head kept as size ${size} is signed for size ${head.size}`);
  } catch (error) {
    if (isStasisError(error)) return error;
    throw error;
  }
}

/** The subtrees that are complete within these positions. */
async function readSubtrees(sql: Sql, ledger: string, after: number, to: number): Promise<Map<string, Uint8Array>> {
  const rows = await sql.query<SubtreeRow>(
    `select s.height, s.index::float8 as index, s.hash from generate_series($2::int, 52) h
       cross join lateral (select * from subtree_hashes
         where ledger = $1 and height = h and index >= $3::bigint >> h and index < $4::bigint >> h offset 0) s`,
    [ledger, lowestKept, String(after), String(to)],
  );
  return new Map(rows.map((row) => [subtreeKey(row), row.hash]));
}
