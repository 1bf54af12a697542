import { messageOf } from '@stasis/errors';
import { type KeptTreeHead, listTreeHeads, type Sql } from '@stasis/ledger/postgres';
import { openTreeHead, originOf, parseVerifierKey } from '@stasis/proof';
import type { HeadsDirectory } from './headsDirectory.ts';

export interface ComparedHeads {
  /** Heads in the database that fit, from the smallest up to the first that does not. */
  readonly kept: number;
  /** Heads outside the database that fit, likewise. */
  readonly outside: number;
  /** The first head that does not fit: all events up to `after` are as they were, the first wrong one is at most `position`. */
  readonly firstBad?: { readonly position: number; readonly after: number; readonly why: string };
}

interface Against {
  readonly ledger: string;
  /** C2SP text: who can write to the database can write tree heads, but not sign them. */
  readonly verifierKey: string;
  readonly directory: HeadsDirectory;
  /** Positions that the ledger holds. */
  readonly size: number;
}

const pageSize = 1000;

/**
 * Holds the tree heads in the database to the key that must have signed them, and to the copies outside the database.
 * Whether their roots are those of the rows is `verifyLedger`'s to say.
 */
export async function compareTreeHeads(sql: Sql, against: Against): Promise<ComparedHeads> {
  const signed = await signatures(sql, against);
  const copies = await copiesOf(sql, against);
  const bad = [signed.firstBad, copies.firstBad].filter((one) => one !== undefined);
  const firstBad = bad.toSorted((a, b) => a.position - b.position)[0];
  return { kept: signed.fits, outside: copies.fits, ...(firstBad && { firstBad }) };
}

interface Found {
  readonly fits: number;
  readonly firstBad?: NonNullable<ComparedHeads['firstBad']>;
}

async function signatures(sql: Sql, { ledger, verifierKey }: Against): Promise<Found> {
  const verifier = parseVerifierKey(verifierKey);
  let fits = 0;
  let after = 0;
  for await (const { size, note } of headsOf(sql, ledger)) {
    const why = whyNotOpened(() => openTreeHead(note, [verifier], originOf(ledger)).size, size);
    if (why !== undefined) return { fits, firstBad: { position: size, after, why } };
    fits += 1;
    after = size;
  }
  return { fits };
}

function whyNotOpened(open: () => number, size: number): string | undefined {
  try {
    const signed = open();
    return signed === size ? undefined : `the tree head kept as size ${size} is signed for size ${signed}`;
  } catch (error) {
    return `the tree head of size ${size} does not open: ${messageOf(error)}`;
  }
}

async function copiesOf(sql: Sql, { ledger, directory, size }: Against): Promise<Found> {
  // Read first: what is signed and copied meanwhile is then in the database already.
  const copies = await directory.sizes(ledger);
  let fits = 0;
  const lacking = (copy: number): Found => ({
    fits,
    firstBad: {
      position: Math.min(copy, size + 1),
      after: copies[fits - 1] ?? 0,
      why:
        copy > size
          ? `a tree head of size ${copy} is kept outside the database, and the row is missing`
          : `the tree head of size ${copy} that is kept outside is not in the database`,
    },
  });
  for await (const head of headsOf(sql, ledger)) {
    const copy = copies[fits];
    if (copy === undefined) return { fits };
    if (copy < head.size) return lacking(copy);
    if (copy > head.size) continue;
    if (head.note !== (await directory.read(ledger, copy))) {
      const after = copies[fits - 1] ?? 0;
      const why = `the tree head of size ${copy} is another than the one kept outside: an event after ${after} was replaced`;
      return { fits, firstBad: { position: copy, after, why } };
    }
    fits += 1;
  }
  const copy = copies[fits];
  return copy === undefined ? { fits } : lacking(copy);
}

async function* headsOf(sql: Sql, ledger: string): AsyncGenerator<KeptTreeHead> {
  for (let after = -1; ;) {
    const heads = await listTreeHeads(sql, ledger, { after, limit: pageSize });
    yield* heads;
    const last = heads.at(-1);
    if (last === undefined) return;
    after = last.size;
  }
}
