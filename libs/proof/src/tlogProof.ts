import { StasisError } from '@stasis/errors';
import { fromBase64, toBase64 } from './bytes.ts';
import { hashLength } from './hash.ts';

/**
 * The C2SP text form of an inclusion proof (c2sp.org/tlog-proof, "Format"): a first line with the format's name, an
 * optional line `extra <base64>`, a line `index <decimal>`, one base64 hash a line from the leaf's sibling up, an empty
 * line, and the signed tree head verbatim.
 */
const formatLine = 'c2sp.org/tlog-proof@v1';

export interface TlogProof {
  /** Opaque to the format and covered by no signature. Ours is the leaf, whose hash the proof then holds to the root. */
  readonly extra?: Uint8Array;
  /** From 0. */
  readonly index: number;
  readonly hashes: readonly Uint8Array[];
  /** The signed note. */
  readonly treeHead: string;
}

export const formatTlogProof = ({ extra, index, hashes, treeHead }: TlogProof): string =>
  [
    formatLine,
    ...(extra === undefined ? [] : [`extra ${toBase64(extra)}`]),
    `index ${index}`,
    ...hashes.map(toBase64),
    '',
    treeHead,
  ].join('\n');

/** Whether a text claims to be of this format; `parseTlogProof` says whether it is. */
export const isTlogProof = (text: string): boolean => text.startsWith(`${formatLine}\n`);

/** @throws StasisError ProofInvalid naming the line that the format does not allow. */
export function parseTlogProof(text: string): TlogProof {
  const end = text.indexOf('\n\n');
  if (end < 0) throw malformed('it has no empty line before the tree head');
  const [first, ...lines] = text.slice(0, end).split('\n');
  if (first !== formatLine) throw malformed(`its first line is not ${formatLine}`);
  const extra = lines[0]?.startsWith('extra ') === true ? readExtra(lines.shift()!) : undefined;
  const index = /^index (0|[1-9][0-9]{0,15})$/.exec(lines.shift() ?? '')?.[1];
  if (index === undefined) throw malformed('the line with the index is missing or is not "index <decimal>"');
  const hashes = lines.map((line, at) => {
    const hash = fromBase64(line);
    if (hash?.length !== hashLength) throw malformed(`hash ${at + 1} is not the base64 of 32 bytes`);
    return hash;
  });
  return { ...(extra !== undefined && { extra }), index: Number(index), hashes, treeHead: text.slice(end + 2) };
}

function readExtra(line: string): Uint8Array {
  const bytes = fromBase64(line.slice('extra '.length));
  if (bytes === undefined) throw malformed('the extra data are not base64');
  return bytes;
}

const malformed = (why: string): StasisError =>
  new StasisError('ProofInvalid', `form: the file is not a tlog-proof: ${why}`, {
    next: 'c2sp.org/tlog-proof has the format.',
  });
