import { StasisError } from '@stasis/errors';
import { equalBytes, TreeFrontier } from '@stasis/proof';
import type { LedgerDatabase, Sql } from '../database.ts';
import { hashNode } from '../proofs/hashNode.ts';
import { lowestKept } from '../proofs/subtreeHashes.ts';
import { latestTreeHead } from '../proofs/treeHeads.ts';
import { type LedgerPage, ledgerPages, subtreeKey } from './ledgerPages.ts';
import { RowCheck } from './rowCheck.ts';

export interface Verification {
  /** What the ledger says it holds. */
  readonly size: number;
  /** Events that fit, from position 1 without a gap. Equal to `size` = the whole ledger is sound. */
  readonly verified: number;
  /** The first position that does not fit, and what is wrong with it. */
  readonly firstBad?: { readonly position: number; readonly why: string };
}

/**
 * Walks a whole ledger once, in order, and says the first thing wrong: positions and versions without gap, each leaf
 * canonical and hashed right, each column as the leaf says, each kept subtree hash and the root of each kept tree head as the
 * rows give them. Events that are appended meanwhile are left for the next time.
 *
 * With `verifierKey` (C2SP text) the signatures of the tree heads are checked too. Without it, who can write to the
 * database can also write tree heads.
 */
export async function verifyLedger(
  database: LedgerDatabase,
  ledger: string,
  options: { readonly verifierKey?: string } = {},
): Promise<Verification> {
  const { head, last, signed } = await extentOf(database, ledger);
  const size = Math.max(head, last);
  const walk = new Walk(size, signed);
  for await (const page of ledgerPages(database, { ledger, size, verifierKey: options.verifierKey })) {
    const ended = walk.take(page);
    if (ended !== undefined) return ended;
  }
  return walk.atTheEnd(head, last);
}

/** A tree head whose root is not that of the rows. */
interface Disagreement {
  readonly size: number;
  /** Size of the last head before it that agreed. */
  readonly after: number;
}

class Walk {
  readonly #size: number;
  readonly #signed: number;
  readonly #frontier = new TreeFrontier(0, [], hashNode);
  readonly #rows = new RowCheck();
  #agreed = 0;
  #disagreement: Disagreement | undefined;

  constructor(size: number, signed: number) {
    this.#size = size;
    this.#signed = signed;
  }

  /** What is wrong, once it is certain. */
  take({ rows, broken, heads, subtrees }: LedgerPage): Verification | undefined {
    for (const row of rows) {
      const position = this.#frontier.size + 1;
      if (row.position !== position) return this.#bad(position, 'the row is missing');
      const why = this.#rows.whyBad(row) ?? this.#append(row.leaf_hash, subtrees);
      if (why !== undefined) return this.#bad(position, why);
      const root = heads.get(position);
      if (root instanceof StasisError) return this.#bad(position, root.message);
      if (root !== undefined && this.#disagreement === undefined) this.#compare(position, root);
      else if (root !== undefined && this.#disagreement !== undefined && equalBytes(root, this.#frontier.root()))
        return this.#forked(this.#disagreement, position);
    }
    if (broken !== undefined) return this.#bad(this.#frontier.size + 1, broken);
    return undefined;
  }

  atTheEnd(head: number, last: number): Verification {
    if (this.#frontier.size < this.#size) return this.#bad(this.#frontier.size + 1, 'the row is missing');
    if (this.#disagreement !== undefined) return this.#rewritten(this.#disagreement);
    if (this.#signed > this.#size)
      return {
        ...this.#bad(
          this.#size + 1,
          `a tree head of size ${this.#signed} is signed, but the row is missing: the tail was cut`,
        ),
        size: this.#signed,
      };
    if (head !== last) return this.#bad(this.#size, `the ledger's head says ${head}, its last row is ${last}`);
    return { size: this.#size, verified: this.#size };
  }

  #append(hash: Uint8Array, subtrees: LedgerPage['subtrees']): string | undefined {
    let why: string | undefined;
    this.#frontier.append(hash, (subtree, root) => {
      if (subtree.height < lowestKept || why !== undefined) return;
      const kept = subtrees.get(subtreeKey(subtree));
      const to = (subtree.index + 1) * 2 ** subtree.height;
      const which = `the kept hash of positions ${to - 2 ** subtree.height + 1} to ${to}`;
      if (kept === undefined && to <= this.#signed) why = `${which} is missing`;
      else if (kept !== undefined && !equalBytes(kept, root)) why = `${which} is not that of the rows`;
    });
    return why;
  }

  #compare(size: number, root: Uint8Array): void {
    if (equalBytes(root, this.#frontier.root())) this.#agreed = size;
    else this.#disagreement = { size, after: this.#agreed };
  }

  /** A disagreement that came first is what is wrong first. */
  #bad(position: number, why: string): Verification {
    if (this.#disagreement !== undefined) return this.#rewritten(this.#disagreement);
    return { size: this.#size, verified: position - 1, firstBad: { position, why } };
  }

  #rewritten({ size, after }: Disagreement): Verification {
    const why = `the signed tree head of size ${size} has another root: of positions ${after + 1} to ${size} an event was replaced, moved or added after it was signed`;
    return { size: this.#size, verified: after, firstBad: { position: size, why } };
  }

  #forked({ size, after }: Disagreement, next: number): Verification {
    const why = `the tree head of size ${size} is of another history (a fork): the rows have the roots of the heads before and after it, of sizes ${after} and ${next}`;
    return { size: this.#size, verified: size - 1, firstBad: { position: size, why } };
  }
}

async function extentOf(sql: Sql, ledger: string): Promise<{ head: number; last: number; signed: number }> {
  // Read first: what is signed by now is recorded by now, and what comes later is left for the next time.
  const newest = await latestTreeHead(sql, ledger);
  const [state] = await sql.query<{ head: number; last: number }>(
    `select coalesce((select position from ledger_heads where ledger = $1), 0)::float8 as head,
            coalesce((select max(position) from events where ledger = $1), 0)::float8 as last`,
    [ledger],
  );
  return { head: state?.head ?? 0, last: state?.last ?? 0, signed: newest?.size ?? 0 };
}
