import type { TreeHeadShown } from '@stasis/api-contract';
import { parseTreeHead, splitNote, toBase64 } from '@stasis/proof';

/** A signed note with its three lines beside it. @throws StasisError IntegrityMismatch when it is none. */
export function shownHead(note: string): TreeHeadShown {
  const { origin, size, root } = parseTreeHead(splitNote(note).text);
  return { origin, size, root: toBase64(root), treeHead: note };
}
