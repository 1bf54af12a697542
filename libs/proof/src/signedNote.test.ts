import { describe, expect, test } from 'vitest';
import {
  formatTreeHead,
  fromBase64,
  leafHash,
  newPrivateKey,
  openNote,
  openTreeHead,
  originOf,
  parseTreeHead,
  parseVerifierKey,
  signNote,
  signTreeHeadNote,
  verifierKey,
  verifierOf,
} from './index.ts';

/** The example of golang.org/x/mod/sumdb/note, which the C2SP format was written down from. */
const golangText =
  "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
const golangSignature =
  '— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n';
const golangKey = 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW';
const golangPrivateSeed = fromBase64('AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz')!.slice(1);

const signer = { name: 'stasis/default', privateKey: newPrivateKey() };
const verifier = verifierOf(signer);

describe('a signed note', () => {
  test('that Go signed is opened with its verifier key', () => {
    expect(openNote(`${golangText}\n${golangSignature}`, [parseVerifierKey(golangKey)])).toEqual({
      text: golangText,
      signedBy: ['PeterNeumann'],
    });
  });

  test('comes out byte for byte as Go writes it', () => {
    const peter = { name: 'PeterNeumann', privateKey: golangPrivateSeed };
    expect(verifierKey(peter)).toBe(golangKey);
    expect(signNote(golangText, peter)).toBe(`${golangText}\n${golangSignature}`);
  });

  test('is refused when the text, the signature or the key is another', () => {
    const note = signNote('one\ntwo\n', signer);
    expect(openNote(note, [verifier]).text).toBe('one\ntwo\n');
    expect(() => openNote(note.replace('one', 'eno'), [verifier])).toThrow('the signature of stasis/default is wrong');
    const other = verifierOf({ name: 'stasis/default', privateKey: newPrivateKey() });
    expect(() => openNote(note, [other])).toThrow('no given key signed it');
    expect(() => openNote('one\ntwo\n', [verifier])).toThrow('it is not a signed note');
    expect(() => openNote(`${note}junk\n`, [verifier])).toThrow('a signature line is malformed');
  });

  test('keeps a further signature by a witness that the reader does not know', () => {
    const note = signNote('one\n', signer);
    const witness = signNote('one\n', { name: 'witness.example', privateKey: newPrivateKey() }).split('\n\n')[1];
    expect(openNote(note + witness, [verifier]).signedBy).toEqual(['stasis/default']);
  });

  test('is not made of a text without final newline or of a bad key name', () => {
    expect(() => signNote('one', signer)).toThrow('ends in a newline');
    expect(() => signNote('one\n', { ...signer, name: 'a b' })).toThrow('is not a key name');
    expect(() => parseVerifierKey(golangKey.replace('c74f20a3', 'c74f20a4'))).toThrow('wrong key hash');
  });
});

describe('a tree head', () => {
  const head = { origin: originOf('default'), size: 7, root: leafHash(new Uint8Array()) };

  test('is three lines and opens to what was signed', () => {
    expect(formatTreeHead(head)).toBe('stasis/default\n7\nbjQLnP+zepicpUTmu3gKLHiQHT+zNzh2hRGjBhevoB0=\n');
    expect(openTreeHead(signTreeHeadNote(head, signer), [verifier], 'stasis/default')).toEqual(head);
  });

  test('of another ledger, or with a malformed size or root, is refused', () => {
    expect(() => openTreeHead(signTreeHeadNote(head, signer), [verifier], 'stasis/system')).toThrow(
      'not of "stasis/system"',
    );
    expect(() => parseTreeHead('stasis/default\n07\nbjQLnP+zepicpUTmu3gKLHiQHT+zNzh2hRGjBhevoB0=\n')).toThrow(
      'holds no tree head',
    );
    expect(() => parseTreeHead('stasis/default\n7\nbjQL\n')).toThrow('holds no tree head');
  });
});
