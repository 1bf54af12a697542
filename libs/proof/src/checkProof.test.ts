import { createHash } from 'node:crypto';
import { canonicalBytes } from '@stasis/events';
import { describe, expect, test } from 'vitest';
import {
  checkProof,
  cosign,
  formatTlogProof,
  fromBase64,
  inclusionProof,
  keyIdOf,
  leafHash,
  newPrivateKey,
  parseVerifierKey,
  parseWitnessKey,
  type ProofDocument,
  proofDocumentOf,
  readProof,
  rootOf,
  signTreeHeadNote,
  toBase64,
  verifierKey,
  witnessKey,
} from './index.ts';

const signer = { name: 'stasis/default', privateKey: newPrivateKey() };
const key = parseVerifierKey(verifierKey(signer));
const witness = { name: 'w1', privateKey: newPrivateKey() };
const keyId = verifierKey(signer).split('+').slice(0, 2).join('+');
const salt = '00112233445566778899aabbccddeeff';
const text = 'kernel upgrade';
const textDigest = `sha256:${createHash('sha256')
  .update(salt + text)
  .digest('hex')}`;

const events = Array.from({ length: 11 }, (_, n) => ({
  id: `evt_${n}`,
  ledger: 'default',
  data: { reason: { textDigest } },
}));
const leaves = events.map((event) => canonicalBytes(event));
const hashes = leaves.map(leafHash);
const note = signTreeHeadNote({ origin: 'stasis/default', size: 11, root: rootOf(hashes) }, signer);
const answerOf = (index: number) => ({
  leaf: toBase64(leaves[index]!),
  leafIndex: index,
  treeSize: 11,
  hashes: inclusionProof(hashes, index).map(toBase64),
  treeHead: note,
  text: { text, salt },
});
const document = proofDocumentOf(answerOf(5), keyId);

/** The checks that fail for a file. */
const failing = (file: string, trusted: Partial<Parameters<typeof checkProof>[1]> = {}): string[] =>
  checkProof(readProof(file), { key, ...trusted })
    .checks.filter(({ holds }) => !holds)
    .map(({ check }) => check);
const failingWith = (changed: Partial<ProofDocument>): string[] => failing(JSON.stringify({ ...document, ...changed }));

describe('a proof file', () => {
  test('holds for every event of the tree', () => {
    for (const index of leaves.keys()) {
      const verdict = checkProof(readProof(JSON.stringify(proofDocumentOf(answerOf(index), keyId))), { key });
      expect(verdict).toMatchObject({ holds: true, event: events[index], position: index + 1, treeSize: 11 });
    }
  });

  test('still holds when the text has been erased', () => {
    const { text: _, ...erased } = document;
    expect(failing(JSON.stringify(erased))).toEqual([]);
  });

  const otherKey = { name: 'stasis/default', privateKey: newPrivateKey() };
  const otherNote = (origin: string, by = signer): string =>
    signTreeHeadNote({ origin, size: 11, root: rootOf(hashes) }, by);

  test.each<[string, Partial<ProofDocument>, string[]]>([
    ['another event is shown', { event: events[6] }, ['event']],
    ['the leaf hash is another', { leafHash: toBase64(leafHash(leaves[6]!)) }, ['leafHash']],
    ['the text is another', { text: { text: 'no reason', salt } }, ['textDigest']],
    ['the salt is another', { text: { text, salt: '' } }, ['textDigest']],
    ['the key is another', { keyId: 'stasis/default+00000000' }, ['signature']],
    ['another key signed', { treeHead: otherNote('stasis/default', otherKey) }, ['signature']],
    ['the head is of another ledger', { treeHead: otherNote('stasis/system') }, ['origin']],
    ['the index is another', { leafIndex: 4 }, ['inclusion']],
    ['the size is another', { treeSize: 10 }, ['inclusion']],
    ['a hash is another', { hashes: document.hashes.toReversed() }, ['inclusion']],
    ['a hash is missing', { hashes: document.hashes.slice(1) }, ['inclusion']],
  ])('does not hold when %s, and says so', (_, changed, checks) => {
    expect(failingWith(changed)).toEqual(checks);
  });

  test('does not hold when the event says another ledger than head and key', () => {
    const system = { name: 'stasis/system', privateKey: newPrivateKey() };
    const keyOfSystem = verifierKey(system);
    const file = {
      ...document,
      keyId: keyIdOf(parseVerifierKey(keyOfSystem)),
      treeHead: otherNote('stasis/system', system),
    };
    expect(failing(JSON.stringify(file), { key: parseVerifierKey(keyOfSystem) })).toEqual(['origin']);
  });

  test('does not hold when any byte of the leaf is another', () => {
    const leaf = fromBase64(document.leaf)!;
    leaf[leaf.lastIndexOf('5'.charCodeAt(0))]! += 1;
    expect(failingWith({ leaf: toBase64(leaf) })).toEqual(['event', 'leafHash', 'inclusion']);
  });

  test('does not hold when the leaf is not in its RFC 8785 form', () => {
    const spaced = new TextEncoder().encode(JSON.stringify(events[0], null, 1));
    const tree = signTreeHeadNote({ origin: 'stasis/default', size: 1, root: leafHash(spaced) }, signer);
    const made = { leaf: toBase64(spaced), leafIndex: 0, treeSize: 1, hashes: [], treeHead: tree };
    expect(failing(JSON.stringify(proofDocumentOf(made, keyId)))).toEqual(['event']);
    expect(failing(formatTlogProof({ extra: spaced, index: 0, hashes: [], treeHead: tree }))).toEqual(['event']);
  });

  test('needs each witness that is asked for', () => {
    const witnesses = [parseWitnessKey(witnessKey(witness))];
    expect(failing(JSON.stringify(document), { witnesses })).toEqual(['witnesses']);
    const treeHead = note + cosign(note, witness, 1_700_000_000);
    expect(failing(JSON.stringify({ ...document, treeHead }), { witnesses })).toEqual([]);
  });

  test.each([
    ['nothing', '', 'neither JSON nor a tlog-proof'],
    ['a list', '[]', 'format is not stasis-proof/v1'],
    ['another format', '{"format":"x"}', 'format is not stasis-proof/v1'],
    ['no leaf', JSON.stringify({ ...document, leaf: undefined }), '"leaf" is missing'],
    ['a leaf that is not base64', JSON.stringify({ ...document, leaf: '#' }), '"leaf" is not base64'],
    ['a short hash', JSON.stringify({ ...document, hashes: ['AA=='] }), '"hashes/0" is not the base64 of 32 bytes'],
    [
      'a fraction of an index',
      JSON.stringify({ ...document, leafIndex: 0.5 }),
      '"leafIndex" is missing or is no count',
    ],
  ])('that is %s is refused by name', (_, file, message) => {
    expect(() => readProof(file)).toThrow(message);
  });
});

describe('a .tlog-proof', () => {
  const proof = { extra: leaves[5]!, index: 5, hashes: inclusionProof(hashes, 5), treeHead: note };
  const file = formatTlogProof(proof);

  test('is written line by line as c2sp.org/tlog-proof says', () => {
    expect(file).toBe(
      `c2sp.org/tlog-proof@v1\nextra ${toBase64(leaves[5]!)}\nindex 5\n${proof.hashes.map((hash) => `${toBase64(hash)}\n`).join('')}\n${note}`,
    );
    expect(formatTlogProof({ index: 0, hashes: [], treeHead: note })).toBe(
      `c2sp.org/tlog-proof@v1\nindex 0\n\n${note}`,
    );
  });

  test('is checked as the JSON form is', () => {
    expect(failing(file)).toEqual([]);
    expect(failing(file.replace('index 5', 'index 4'))).toEqual(['inclusion']);
    expect(failing(formatTlogProof({ ...proof, extra: leaves[6]! }))).toEqual(['inclusion']);
  });

  test.each([
    [
      'without the leaf',
      formatTlogProof({ index: 5, hashes: proof.hashes, treeHead: note }),
      'does not carry the leaf',
    ],
    ['with an index in another form', file.replace('index 5', 'index 05'), 'the line with the index'],
    ['with a hash cut short', file.replace(toBase64(proof.hashes[0]!), 'AAAA'), 'hash 1 is not'],
    ['without a tree head', file.slice(0, file.indexOf('\n\n') + 1), 'no empty line before the tree head'],
  ])('%s is refused', (_, text, message) => {
    expect(() => readProof(text)).toThrow(message);
  });
});
