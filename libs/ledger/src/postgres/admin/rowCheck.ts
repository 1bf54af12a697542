import { messageOf } from '@stasis/errors';
import { domainEventOf, isCanonicalText, type StasisEvent, streamOf } from '@stasis/events';
import { equalBytes } from '@stasis/proof';
import { hashLeaf } from '../proofs/hashNode.ts';
import type { LedgerRow } from './ledgerPages.ts';

/** Checks the rows of a ledger in order, each against itself and its stream. */
export class RowCheck {
  readonly #versions = new Map<string, number>();

  /** Absent = the row fits. */
  whyBad({ stream, version, leaf_hash: hash, text, differing }: LedgerRow): string | undefined {
    if (!equalBytes(hashLeaf(Buffer.from(text)), hash)) return 'the leaf hash is not that of the leaf';
    if (differing !== null) return `the leaf says otherwise than column ${differing.join(', ')}`;
    let home: string;
    try {
      const event = JSON.parse(text) as StasisEvent;
      if (!isCanonicalText(text, event)) return 'the leaf is not in its RFC 8785 form';
      home = streamOf(domainEventOf(event).key, event.subject);
    } catch (error) {
      return `the leaf is not an event: ${messageOf(error)}`;
    }
    if (home !== stream) return `the leaf belongs to stream ${home}, the row to ${stream}`;
    const expected = (this.#versions.get(stream) ?? 0) + 1;
    if (version !== expected)
      return `version ${version} of stream ${stream} where ${expected} comes next: rows are missing or out of order`;
    this.#versions.set(stream, version);
    return undefined;
  }
}
