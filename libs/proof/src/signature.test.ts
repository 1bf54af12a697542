import { ed25519 } from '@noble/curves/ed25519.js';
import { describe, expect, test } from 'vitest';
import {
  fromBase64,
  isSignedBy,
  newPrivateKey,
  open,
  readKeyRing,
  seal,
  signingKeyOf,
  toBase64,
  toHex,
  writeKeyRing,
} from './index.ts';

const bytes = new TextEncoder().encode('what is signed');
const fromHex = (text: string): Uint8Array =>
  Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));

describe('a signature', () => {
  test('is the one of RFC 8032, section 7.1, test 2', async () => {
    const key = await signingKeyOf(fromHex('4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb'));
    expect(toHex(fromBase64(key.publicKey) ?? bytes)).toBe(
      '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
    );
    expect(toHex(fromBase64(await key.sign(Uint8Array.of(0x72))) ?? bytes)).toBe(
      '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
    );
  });

  test('holds for its key and its bytes alone', async () => {
    const [key, other] = [await signingKeyOf(newPrivateKey()), await signingKeyOf(newPrivateKey())];
    const signature = await key.sign(bytes);
    expect(ed25519.verify(fromBase64(signature) ?? bytes, bytes, fromBase64(key.publicKey) ?? bytes)).toBe(true);
    expect(await isSignedBy(key, bytes, signature)).toBe(true);
    expect(await isSignedBy(other, bytes, signature)).toBe(false);
    expect(await isSignedBy(key, bytes.slice(1), signature)).toBe(false);
    for (const bad of ['', 'x', `${signature}AAAA`, toBase64(new Uint8Array(64))])
      expect(await isSignedBy(key, bytes, bad)).toBe(false);
  });
});

describe('a sealed box', () => {
  test('opens for its recipient in its place alone, and holds nothing in clear', async () => {
    const [seed, other] = [newPrivateKey(), newPrivateKey()];
    const box = await seal(await signingKeyOf(seed), bytes, 'evt_1');
    expect(await open(seed, box, 'evt_1')).toEqual(bytes);
    expect(await seal(await signingKeyOf(seed), bytes, 'evt_1')).not.toBe(box);
    expect(atob(box)).not.toContain('signed');
    const flipped = (fromBase64(box) ?? bytes).map((byte, at) => (at === 40 ? byte ^ 1 : byte));
    const refused = expect.objectContaining({ code: 'IntegrityMismatch' });
    await expect(open(other, box, 'evt_1')).rejects.toEqual(refused);
    await expect(open(seed, box, 'evt_2')).rejects.toEqual(refused);
    await expect(open(seed, toBase64(flipped), 'evt_1')).rejects.toEqual(refused);
    await expect(open(seed, 'no box', 'evt_1')).rejects.toEqual(refused);
  });
});

test('a key file gives back the seeds it was made of, and anything else is refused by name', () => {
  const seeds = [newPrivateKey(), newPrivateKey()];
  expect(readKeyRing(writeKeyRing(seeds), 'node.key')).toEqual(seeds);
  for (const text of ['', '\n', 'c2hvcnQ=\n']) expect(() => readKeyRing(text, 'node.key')).toThrow('node.key');
});
