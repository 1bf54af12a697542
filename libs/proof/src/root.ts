import { emptyRoot, nodeHash, splitOf } from './hash.ts';

/** Root of the tree over `leafHashes[from, to)` (RFC 6962, section 2.1). */
export function rootOf(leafHashes: readonly Uint8Array[], from = 0, to = leafHashes.length): Uint8Array {
  if (to === from) return emptyRoot();
  if (to - from === 1) return leafHashes[from]!;
  const middle = from + splitOf(to - from);
  return nodeHash(rootOf(leafHashes, from, middle), rootOf(leafHashes, middle, to));
}
