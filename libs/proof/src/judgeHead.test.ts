import { expect, test } from 'vitest';
import { consistencyProof, judgeHead, leafHash, rootOf } from './index.ts';

const leaves = Array.from({ length: 13 }, (_, n) => leafHash(Uint8Array.of(n)));
const rewritten = leaves.map((hash, n) => (n === 3 ? leafHash(Uint8Array.of(99)) : hash));
const head = (size: number, tree = leaves, origin = 'stasis/default') => ({
  origin,
  size,
  root: rootOf(tree, 0, size),
});

test('lets a log grow, stand still and begin', () => {
  for (let from = 0; from <= 13; from += 1)
    for (let to = from; to <= 13; to += 1)
      expect(judgeHead(head(from), head(to), consistencyProof(leaves.slice(0, to), from))).toEqual({ fork: false });
});

test.each([
  ['shrank', head(7), 'its tree has 7 events, and the last one had 8'],
  ['has another root of the same size', head(8, rewritten), 'its root is another'],
  ['was rewritten before it grew', head(13, rewritten), 'the tree of 8 that was seen is not a part of its tree of 13'],
  ['is another', head(13, leaves, 'stasis/system'), 'it is of "stasis/system"'],
])('takes for a fork what %s', (_, shown, why) => {
  const tree = shown.root === head(13).root ? leaves : rewritten;
  const hashes = shown.size > 8 ? consistencyProof(tree.slice(0, shown.size), 8) : [];
  const judged = judgeHead(head(8), shown, hashes);
  expect(judged).toMatchObject({ fork: true, why: expect.stringContaining(why) });
});

test('takes growth without a proof for a fork', () => {
  expect(judgeHead(head(8), head(13), [])).toMatchObject({ fork: true });
});
