import { newId, typeOf, type RecordedEvent, type StasisEvent } from '@stasis/events';
import { expect, it } from 'vitest';
import { currentKeyOf, evolveNodeKeys, nodeKeyAt, type NodeKey } from './keys.ts';

const [a, b, c] = ['a', 'b', 'c'].map((letter) => letter.repeat(32)) as [string, string, string];
const hour = (n: number): string => `2026-11-24T1${n}:00:00.000Z`;
const recorded = (key: 'node.enrolled' | 'node.rekeyed', keyId: string, at: number, more = {}): RecordedEvent => ({
  position: at,
  stream: 'node/node-a',
  version: at,
  event: {
    id: newId('evt'),
    type: typeOf(key),
    subject: 'node-a',
    recordedtime: hour(at),
    data: { node: 'node-a', keyId, publicKey: keyId, ...more },
  } as unknown as StasisEvent,
});

it('knows which key of a node was good when: a re-key overlaps, a new enrolment does not', () => {
  const keys = [
    recorded('node.enrolled', a, 1),
    recorded('node.rekeyed', b, 3, { oldKeyId: a, oldKeyUntil: hour(5) }),
    recorded('node.enrolled', c, 7),
  ].reduce<readonly NodeKey[]>(evolveNodeKeys, []);
  const at = (keyId: string, n: number): unknown => {
    const found = nodeKeyAt(keys, keyId, hour(n));
    return typeof found === 'string' ? found : found.keyId;
  };
  expect([at(a, 0), at(a, 1), at(a, 4), at(a, 6)]).toEqual(['KeyEnded', a, a, 'KeyEnded']);
  expect([at(b, 2), at(b, 4), at(b, 7), at(b, 8)]).toEqual(['KeyEnded', b, b, 'KeyEnded']);
  expect([at(c, 6), at(c, 8), at('d'.repeat(32), 8)]).toEqual(['KeyEnded', c, 'UnknownKey']);
  expect(currentKeyOf(keys)?.keyId).toBe(c);
});
