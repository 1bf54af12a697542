import { describe, expect, test } from 'vitest';
import {
  cosign,
  formatTreeHead,
  fromBase64,
  newPrivateKey,
  openCosignatures,
  openNote,
  parseVerifierKey,
  parseWitnessKey,
  rootOf,
  signTreeHeadNote,
  toBase64,
  verifierKey,
  witnessKey,
} from './index.ts';

const log = { name: 'stasis/default', privateKey: newPrivateKey() };
const witness = { name: 'witness.example/w1', privateKey: newPrivateKey() };
const known = [parseWitnessKey(witnessKey(witness))];
const note = signTreeHeadNote({ origin: 'stasis/default', size: 0, root: rootOf([]) }, log);
const time = 1_679_315_147;

describe('a cosignature', () => {
  test('is a line of the same note and leaves the signature of the log as it was', () => {
    const whole = note + cosign(note, witness, time);
    expect(openCosignatures(whole, known)).toEqual([{ witness: 'witness.example/w1', time }]);
    expect(openNote(whole, [parseVerifierKey(verifierKey(log))]).signedBy).toEqual(['stasis/default']);
  });

  test('holds key hash, big-endian time and signature, as c2sp.org/tlog-cosignature writes them', () => {
    // The line of the example there: its time is that of the page's signed message.
    const line =
      'jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==';
    const own = fromBase64(/ (\S+)\n$/.exec(cosign(note, witness, time))![1]!)!;
    expect(own).toHaveLength(fromBase64(line)!.length);
    expect(own.slice(4, 12)).toEqual(fromBase64(line)!.slice(4, 12));
  });

  test('counts for its time, its text and its key alone', () => {
    const whole = note + cosign(note, witness, time);
    const [, base64] = /w1 (\S+)\n$/.exec(whole)!;
    const later = fromBase64(base64!)!;
    later[11]! += 1;
    expect(() => openCosignatures(whole.replace(base64!, toBase64(later)), known)).toThrow(
      'of witness.example/w1 is wrong',
    );
    expect(() => openCosignatures(whole.replace('\n0\n', '\n1\n'), known)).toThrow('of witness.example/w1 is wrong');
    const other = parseWitnessKey(witnessKey({ ...witness, privateKey: newPrivateKey() }));
    expect(openCosignatures(whole, [other])).toEqual([]);
    expect(openCosignatures(note, known)).toEqual([]);
  });

  test('is made and opened with a key of its own kind, never with that of a log', () => {
    expect(() => parseWitnessKey(verifierKey(log))).toThrow("not an witness's Ed25519 verifier key");
    expect(() => parseVerifierKey(witnessKey(witness))).toThrow('is not an Ed25519 verifier key');
    // A plain signature of the witness's own key is no cosignature.
    expect(openCosignatures(signTreeHeadNote({ origin: 'x', size: 0, root: rootOf([]) }, witness), known)).toEqual([]);
  });

  test('is refused for a note that is none and a time that is none', () => {
    expect(() => cosign(formatTreeHead({ origin: 'x', size: 0, root: rootOf([]) }), witness, time)).toThrow(
      'it is not a signed note',
    );
    expect(() => cosign(note, witness, 1.5)).toThrow('cannot cosign');
  });
});
