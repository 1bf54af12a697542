import { equalBytes } from './bytes.ts';
import { verifyConsistency } from './consistency.ts';
import type { TreeHead } from './treeHead.ts';

/** What a witness makes of a tree head: it may be signed, or it is a fork, with why. */
export type Judgement = { readonly fork: false } | { readonly fork: true; readonly why: string };

const sound: Judgement = { fork: false };
const fork = (why: string): Judgement => ({ fork: true, why });

/**
 * Holds a tree head to the last one seen of the same origin. A log only grows, so a smaller tree is a fork as well.
 * @param hashes consistency proof from the size seen to the size shown; empty when the sizes are equal.
 */
export function judgeHead(seen: TreeHead, shown: TreeHead, hashes: readonly Uint8Array[]): Judgement {
  if (seen.origin !== shown.origin) return fork(`it is of "${shown.origin}", and the last one of "${seen.origin}"`);
  if (shown.size < seen.size) return fork(`its tree has ${shown.size} events, and the last one had ${seen.size}`);
  if (shown.size === seen.size)
    return equalBytes(seen.root, shown.root)
      ? sound
      : fork(`its root is another than that of the last one of size ${seen.size}`);
  const claim = { fromSize: seen.size, toSize: shown.size, fromRoot: seen.root, toRoot: shown.root, hashes };
  return verifyConsistency(claim)
    ? sound
    : fork(`the tree of ${seen.size} that was seen is not a part of its tree of ${shown.size}`);
}
