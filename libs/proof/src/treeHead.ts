import { StasisError } from '@stasis/errors';
import { fromBase64, toBase64 } from './bytes.ts';
import { hashLength } from './hash.ts';
import { openNote, signNote, type NoteSigner, type NoteVerifier } from './signedNote.ts';

/**
 * A tree head is what C2SP calls a tlog-checkpoint (c2sp.org/tlog-checkpoint): a signed note whose text is three lines,
 * origin, size in decimal and base64 of the root. Further lines are extensions and are kept out of ours.
 */
export interface TreeHead {
  /** `stasis/<ledger>`; also the name of the key. */
  readonly origin: string;
  readonly size: number;
  readonly root: Uint8Array;
}

export const originOf = (ledger: string): string => `stasis/${ledger}`;

export const formatTreeHead = ({ origin, size, root }: TreeHead): string => `${origin}\n${size}\n${toBase64(root)}\n`;

/** @throws StasisError IntegrityMismatch unless the text is a tree head. */
export function parseTreeHead(text: string): TreeHead {
  const [origin, size, base64] = text.split('\n');
  const root = base64 === undefined ? undefined : fromBase64(base64);
  if (!origin || size === undefined || !/^(0|[1-9][0-9]{0,15})$/.test(size) || root?.length !== hashLength)
    throw new StasisError('IntegrityMismatch', 'the note holds no tree head (origin, size, root)');
  return { origin, size: Number(size), root };
}

/** The signed note of a tree head. The key's name should be the origin. */
export const signTreeHeadNote = (head: TreeHead, signer: NoteSigner): string => signNote(formatTreeHead(head), signer);

/**
 * Opens a signed tree head.
 * @throws StasisError IntegrityMismatch when no given key signed it, or it is not a tree head of `origin`.
 */
export function openTreeHead(note: string, verifiers: readonly NoteVerifier[], origin: string): TreeHead {
  const head = parseTreeHead(openNote(note, verifiers).text);
  if (head.origin !== origin)
    throw new StasisError('IntegrityMismatch', `the tree head is of "${head.origin}", not of "${origin}"`);
  return head;
}
