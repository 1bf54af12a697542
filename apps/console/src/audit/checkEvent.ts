import type { AuditEvent, Proof } from '@stasis/api-contract';
import { messageOf } from '@stasis/errors';
import { canonicalBytes } from '@stasis/events';
import {
  equalBytes,
  fromBase64,
  inclusionSteps,
  leafHash,
  openTreeHead,
  originOf,
  parseVerifierKey,
  toHex,
} from '@stasis/proof';

/** One thing that was looked at, and what was seen. */
export interface Finding {
  readonly what: string;
  readonly holds: boolean;
  readonly seen: string;
  /** Hash by hash, where the check is a path. */
  readonly steps?: readonly { readonly side: 'left' | 'right'; readonly sibling: string; readonly hash: string }[];
}

/** What the ledger keeps of an event: all that is shown, but for its place and what lies beside the leaf. */
function leafOfShown(event: AuditEvent): Uint8Array {
  const { position: _position, stream: _stream, version: _version, reasonText: _reasonText, ...recorded } = event;
  return canonicalBytes(recorded);
}

/**
 * Checks in this browser, with nothing but the key, that an event stands in the ledger: that what is shown is what was
 * recorded (RFC 8785 bytes), that its hash leads up the audit path (RFC 6962) to the root, and that the key signed that
 * root (C2SP signed note). Each finding stands by itself; the event is proven only if all of them hold.
 */
export function checkEvent(event: AuditEvent, proof: Proof, verifierKey: string): Finding[] {
  const leaf = fromBase64(proof.leaf) ?? new Uint8Array();
  const shown = leafOfShown(event);
  const path = proof.hashes.map((hash) => fromBase64(hash) ?? new Uint8Array());
  const start = leafHash(leaf);
  const steps = inclusionSteps({
    leafHash: start,
    leafIndex: proof.leafIndex,
    treeSize: proof.treeSize,
    hashes: path,
  });
  const root = steps === undefined ? undefined : (steps.at(-1)?.hash ?? start);
  const head = headOf(proof.treeHead, verifierKey, originOf(event.ledger));
  const fits = head.ok && root !== undefined && head.size === proof.treeSize && equalBytes(root, head.root);
  return [
    {
      what: 'What is shown is what was recorded',
      holds: equalBytes(leaf, shown),
      seen: `${shown.length} bytes shown, ${leaf.length} recorded`,
    },
    {
      what: 'It stands at the position that is shown',
      holds: proof.leafIndex === event.position - 1 && proof.event === event.id,
      seen: `leaf ${proof.leafIndex} of ${proof.treeSize}`,
    },
    {
      what: 'Your key signed the tree head',
      holds: head.ok,
      seen: head.ok ? `${originOf(event.ledger)}, ${head.size} events` : head.why,
    },
    {
      what: 'Its hash leads to the root of that tree head',
      holds: fits,
      seen: root === undefined ? 'the path is too short or too long' : `root ${toHex(root)}`,
      steps: [
        { side: 'left', sibling: 'the event itself', hash: toHex(start) },
        ...(steps ?? []).map(({ side, sibling, hash }) => ({ side, sibling: toHex(sibling), hash: toHex(hash) })),
      ],
    },
  ];
}

type Head =
  | { readonly ok: true; readonly size: number; readonly root: Uint8Array }
  | { readonly ok: false; readonly why: string };

function headOf(note: string, verifierKey: string, origin: string): Head {
  try {
    const { size, root } = openTreeHead(note, [parseVerifierKey(verifierKey)], origin);
    return { ok: true, size, root };
  } catch (error) {
    return { ok: false, why: messageOf(error) };
  }
}
