import type { AuditEvent, Proof } from '@stasis/api-contract';
import { canonicalBytes } from '@stasis/events';
import {
  inclusionProof,
  leafHash,
  newPrivateKey,
  originOf,
  rootOf,
  signTreeHeadNote,
  toBase64,
  verifierKey,
} from '@stasis/proof';
import { describe, expect, it } from 'vitest';
import { checkEvent } from './checkEvent.ts';

const recorded = {
  specversion: '1.0',
  id: 'evt_01m87c025yfey9adf39486bvwf',
  type: 'dev.stasis.checkpoint.ready.v1',
  source: '/stasis/nodes/node-1',
  subject: 'ckp_01m87c025yfey9adf39486bvwf',
  time: '2026-11-24T10:00:00.000Z',
  recordedtime: '2026-11-24T10:00:00.100Z',
  datacontenttype: 'application/json',
  ledger: 'default',
  authtype: 'user',
  authid: 'sub_01m87c025yfey9adf39486bvwf',
  correlationid: 'ckp_01m87c025yfey9adf39486bvwf',
  data: { container: 'running' },
} as const;
const index = 4;
const event = { ...recorded, position: index + 1, stream: 'checkpoint/x', version: 9 } as unknown as AuditEvent;

const leaf = canonicalBytes(recorded);
const leaves = Array.from({ length: 11 }, (_, n) => (n === index ? leaf : Uint8Array.of(n)));
const hashes = leaves.map((one) => leafHash(one));
const signer = { name: originOf('default'), privateKey: newPrivateKey() };
const key = verifierKey(signer);
const proof: Proof = {
  event: recorded.id,
  leaf: toBase64(leaf),
  leafIndex: index,
  treeSize: leaves.length,
  hashes: inclusionProof(hashes, index).map((hash) => toBase64(hash)),
  treeHead: signTreeHeadNote({ origin: originOf('default'), size: leaves.length, root: rootOf(hashes) }, signer),
};

const failed = (findings: ReturnType<typeof checkEvent>): string[] =>
  findings.filter(({ holds }) => !holds).map(({ what }) => what);

describe('the check of an event in the browser', () => {
  it('holds for a true proof, and shows each hash of the path', () => {
    const findings = checkEvent(event, proof, key);
    expect(failed(findings)).toEqual([]);
    expect(findings.at(-1)?.steps).toHaveLength(proof.hashes.length + 1);
  });

  it('is false when the event shown is not the one recorded', () => {
    const changed = { ...event, data: { container: 'stopped' } } as AuditEvent;
    expect(failed(checkEvent(changed, proof, key))).toEqual(['What is shown is what was recorded']);
  });

  it('is false when it is shown at another position', () => {
    expect(failed(checkEvent({ ...event, position: 6 }, proof, key))).toEqual([
      'It stands at the position that is shown',
    ]);
  });

  it('is false when a hash of the path was changed, left out or added', () => {
    const flipped = [toBase64(leafHash(leaf)), ...proof.hashes.slice(1)];
    for (const path of [flipped, proof.hashes.slice(1), [...proof.hashes, flipped[0]!]])
      expect(failed(checkEvent(event, { ...proof, hashes: path }, key))).toEqual([
        'Its hash leads to the root of that tree head',
      ]);
  });

  it('is false under another key, and when the tree head was changed', () => {
    const other = verifierKey({ ...signer, privateKey: newPrivateKey() });
    const both = ['Your key signed the tree head', 'Its hash leads to the root of that tree head'];
    expect(failed(checkEvent(event, proof, other))).toEqual(both);
    expect(failed(checkEvent(event, { ...proof, treeHead: proof.treeHead.replace('\n11\n', '\n12\n') }, key))).toEqual(
      both,
    );
    expect(failed(checkEvent(event, proof, 'not a key'))).toEqual(both);
  });

  it('is false when the tree head is of another tree', () => {
    const fewer = hashes.slice(0, 9);
    const head = signTreeHeadNote({ origin: originOf('default'), size: 9, root: rootOf(fewer) }, signer);
    expect(failed(checkEvent(event, { ...proof, treeHead: head }, key))).toEqual([
      'Its hash leads to the root of that tree head',
    ]);
  });
});
