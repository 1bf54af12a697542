import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  consistencyProof,
  emptyRoot,
  inclusionProof,
  leafHash,
  rootOf,
  toHex,
  TreeFrontier,
  verifyConsistency,
  verifyInclusion,
} from './index.ts';

/** The leaves and roots that the Certificate Transparency implementations publish for RFC 6962 trees. */
const leaves = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f'];
const roots = [
  'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
];
const hashes = leaves.map((hex) =>
  leafHash(Uint8Array.from(hex.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16))),
);
const hex = (list: readonly Uint8Array[]): string[] => list.map(toHex);

describe('the known tree of eight leaves', () => {
  test('has the published roots, computed whole and by appending', () => {
    const frontier = new TreeFrontier();
    expect(toHex(emptyRoot())).toBe(roots[0]);
    expect(toHex(frontier.root())).toBe(roots[0]);
    for (const [index, hash] of hashes.entries()) {
      frontier.append(hash);
      expect(toHex(frontier.root())).toBe(roots[index + 1]);
      expect(toHex(rootOf(hashes, 0, index + 1))).toBe(roots[index + 1]);
    }
  });

  test('has the published inclusion proofs', () => {
    expect(hex(inclusionProof(hashes, 0))).toEqual([
      '96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7',
      '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
      '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4',
    ]);
    expect(hex(inclusionProof(hashes.slice(0, 3), 2))).toEqual([roots[2]]);
  });

  test('has the published consistency proofs', () => {
    expect(hex(consistencyProof(hashes, 1))).toEqual(hex(inclusionProof(hashes, 0)));
    expect(hex(consistencyProof(hashes, 6))).toEqual([
      '0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a',
      'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
      roots[4],
    ]);
    expect(hex(consistencyProof(hashes.slice(0, 5), 2))).toEqual([
      '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
      'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
    ]);
  });
});

const tree = fc
  .integer({ min: 1, max: 70 })
  .map((size) => Array.from({ length: size }, (_, n) => leafHash(Uint8Array.of(n))));
const flip = (hash: Uint8Array): Uint8Array => hash.map((byte, index) => (index === 7 ? byte ^ 1 : byte));

describe('any tree', () => {
  test('lets each leaf be proven, and no other leaf, index or size in its place', () => {
    fc.assert(
      fc.property(tree, fc.nat(), fc.nat(), (all, pick, other) => {
        const leafIndex = pick % all.length;
        const claim = {
          leafHash: all[leafIndex]!,
          leafIndex,
          treeSize: all.length,
          hashes: inclusionProof(all, leafIndex),
          root: rootOf(all),
        };
        expect(verifyInclusion(claim)).toBe(true);
        expect(verifyInclusion({ ...claim, leafHash: flip(claim.leafHash) })).toBe(false);
        expect(verifyInclusion({ ...claim, root: flip(claim.root) })).toBe(false);
        expect(verifyInclusion({ ...claim, hashes: [...claim.hashes, claim.root] })).toBe(false);
        const wrong = other % all.length;
        expect(verifyInclusion({ ...claim, leafIndex: wrong })).toBe(wrong === leafIndex);
        expect(verifyInclusion({ ...claim, hashes: claim.hashes.slice(1) })).toBe(claim.hashes.length === 0);
      }),
    );
  });

  test('is proven consistent with each of its own pasts, and with no other', () => {
    fc.assert(
      fc.property(tree, fc.nat(), (all, pick) => {
        const fromSize = pick % (all.length + 1);
        const claim = {
          fromSize,
          toSize: all.length,
          fromRoot: rootOf(all, 0, fromSize),
          toRoot: rootOf(all),
          hashes: consistencyProof(all, fromSize),
        };
        expect(verifyConsistency(claim)).toBe(true);
        expect(verifyConsistency({ ...claim, fromRoot: flip(claim.fromRoot) })).toBe(false);
        expect(verifyConsistency({ ...claim, toRoot: flip(claim.toRoot) })).toBe(fromSize === 0);
        expect(verifyConsistency({ ...claim, hashes: [...claim.hashes, claim.toRoot] })).toBe(false);
      }),
    );
  });

  test('goes on from a stored frontier as if it had never stopped', () => {
    fc.assert(
      fc.property(tree, fc.nat(), (all, pick) => {
        const cut = pick % (all.length + 1);
        const first = new TreeFrontier();
        for (const hash of all.slice(0, cut)) first.append(hash);
        const second = TreeFrontier.fromBytes(first.size, first.toBytes());
        for (const hash of all.slice(cut)) second.append(hash);
        expect(toHex(second.root())).toBe(toHex(rootOf(all)));
        expect(second.size).toBe(all.length);
      }),
    );
  });

  test('refuses a frontier that does not fit its size', () => {
    expect(() => TreeFrontier.fromBytes(3, new Uint8Array(32))).toThrow(
      'a tree of size 3 has no frontier of 1 subtrees',
    );
    expect(() => TreeFrontier.fromBytes(1, new Uint8Array(31))).toThrow('not made of whole hashes');
  });

  test('refuses to prove what it does not hold', () => {
    expect(() => inclusionProof(hashes, 8)).toThrow('leaf 8 is not in a tree of size 8');
    expect(() => consistencyProof(hashes, 9)).toThrow('size 9 is not within a tree of size 8');
  });
});
