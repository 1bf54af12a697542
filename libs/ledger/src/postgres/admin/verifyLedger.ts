import { messageOf, StasisError } from '@stasis/errors';
import { canonicalBytes, domainEventOf, type StasisEvent, streamOf } from '@stasis/events';
import {
  equalBytes,
  leafHash,
  openTreeHead,
  originOf,
  parseTreeHead,
  parseVerifierKey,
  TreeFrontier,
} from '@stasis/proof';
import type { LedgerDatabase, Sql } from '../database.ts';

export interface Verification {
  /** What the ledger says it holds. */
  readonly size: number;
  /** Events that fit, from position 1 without a gap. Equal to `size` = the whole ledger is sound. */
  readonly verified: number;
  /** The first position that does not fit, and what is wrong with it. */
  readonly firstBad?: { readonly position: number; readonly why: string };
}

interface Row {
  readonly position: number;
  readonly stream: string;
  readonly version: number;
  readonly leaf: Uint8Array;
  readonly leaf_hash: Uint8Array;
  readonly text: string;
  /** Names of derived columns that do not say what the leaf says. */
  readonly differing: string[];
}

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
const differing = Object.entries(derivations)
  .map(([column, derivation]) => `case when ${column} is distinct from ${derivation} then '${column}' end`)
  .join(', ');

const readPage = (sql: Sql, ledger: string, after: number, to: number): Promise<Row[]> =>
  sql.query<Row>(
    `select position::float8 as position, stream, version, leaf, leaf_hash, t as text,
            array_remove(array[${differing}], null) as differing
     from (select e.*, convert_from(e.leaf, 'UTF8') as t, convert_from(e.leaf, 'UTF8')::jsonb as j from events e
           where e.ledger = $1 and e.position > $2::bigint and e.position <= $3::bigint
           order by e.position limit ${pageSize} offset 0) r
     order by r.position`,
    [ledger, String(after), String(to)],
  );

/**
 * Reads a whole ledger and checks it against itself: positions and versions without gap, each leaf canonical and hashed
 * right, each column as the leaf says, and each signed tree head's root. Stops at the first position that does not fit.
 * Events that are appended meanwhile are left for the next time.
 *
 * With `verifierKey` (C2SP text) the signatures of the tree heads are checked too. Without it, who can write to the
 * database can also write tree heads.
 * @throws StasisError IntegrityMismatch for a tree head that is malformed or not signed by the key.
 */
export async function verifyLedger(
  database: LedgerDatabase,
  ledger: string,
  options: { readonly verifierKey?: string } = {},
): Promise<Verification> {
  const [state] = await database.query<{ head: number; last: number }>(
    `select coalesce((select position from ledger_heads where ledger = $1), 0)::float8 as head,
            coalesce((select max(position) from events where ledger = $1), 0)::float8 as last`,
    [ledger],
  );
  const size = Math.max(state?.head ?? 0, state?.last ?? 0);
  const roots = await signedRoots(database, ledger, options.verifierKey);
  const frontier = new TreeFrontier();
  const versions = new Map<string, number>();
  const bad = (position: number, why: string): Verification => ({
    size,
    verified: position - 1,
    firstBad: { position, why },
  });
  while (frontier.size < size) {
    let page: Row[];
    try {
      page = await readPage(database, ledger, frontier.size, size);
    } catch (error) {
      page = await readableRows(database, ledger, frontier.size, size);
      if (page.length === 0) return bad(frontier.size + 1, `the leaf cannot be read: ${messageOf(error)}`);
    }
    if (page.length === 0) return bad(frontier.size + 1, 'the row is missing');
    for (const row of page) {
      const position = frontier.size + 1;
      const why = row.position === position ? whyBad(row, versions) : 'the row is missing';
      if (why !== undefined) return bad(position, why);
      frontier.append(row.leaf_hash);
      const signed = roots.get(position);
      if (signed !== undefined && !equalBytes(signed, frontier.root()))
        return bad(
          position,
          `the signed tree head of size ${position} has another root: an event up to here was replaced`,
        );
    }
  }
  const beyond = [...roots.keys()].find((signedSize) => signedSize > size);
  if (beyond !== undefined)
    return { ...bad(size + 1, `a tree head of size ${beyond} is signed, but the row is missing`), size: beyond };
  if (state !== undefined && state.head !== state.last)
    return bad(size, `the ledger's head says ${state.head}, its last row is ${state.last}`);
  return { size, verified: size };
}

function whyBad(
  { stream, version, leaf, leaf_hash: hash, text, differing: columns }: Row,
  versions: Map<string, number>,
) {
  if (!equalBytes(leafHash(leaf), hash)) return 'the leaf hash is not that of the leaf';
  if (columns.length > 0) return `the leaf says otherwise than column ${columns.join(', ')}`;
  let home: string;
  try {
    const event = JSON.parse(text) as StasisEvent;
    if (!equalBytes(canonicalBytes(event), leaf)) return 'the leaf is not in its RFC 8785 form';
    home = streamOf(domainEventOf(event).key, event.subject);
  } catch (error) {
    return `the leaf is not an event: ${messageOf(error)}`;
  }
  if (home !== stream) return `the leaf belongs to stream ${home}, the row to ${stream}`;
  const expected = (versions.get(stream) ?? 0) + 1;
  if (version !== expected) return `version ${version} of stream ${stream} where ${expected} comes next`;
  versions.set(stream, version);
  return undefined;
}

/** A page that holds an unreadable leaf cannot be had whole: the rows before it, one by one. */
async function readableRows(sql: Sql, ledger: string, after: number, to: number): Promise<Row[]> {
  const rows: Row[] = [];
  for (let position = after; position < Math.min(to, after + pageSize); position += 1) {
    try {
      rows.push(...(await readPage(sql, ledger, position, position + 1)));
    } catch {
      return rows;
    }
  }
  return rows;
}

/** Roots by size, as the notes say them. */
async function signedRoots(sql: Sql, ledger: string, verifierKey?: string): Promise<Map<number, Uint8Array>> {
  const rows = await sql.query<{ size: number; note: string }>(
    `select size::float8 as size, note from tree_heads where ledger = $1 and size > 0 order by tree_heads.size`,
    [ledger],
  );
  const verifier = verifierKey === undefined ? undefined : parseVerifierKey(verifierKey);
  return new Map(
    rows.map(({ size, note }) => {
      const head = verifier === undefined ? parseTreeHead(note) : openTreeHead(note, [verifier], originOf(ledger));
      if (head.size !== size)
        throw new StasisError(
          'IntegrityMismatch',
          `the tree head kept as size ${size} is signed for size ${head.size}`,
        );
      return [size, head.root];
    }),
  );
}
