import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  canonicalBytes,
  catalogue,
  deriveEventId,
  eventKeys,
  isCanonicalText,
  isId,
  keyOf,
  newId,
  parseEvent,
  typeOf,
  type StasisEvent,
} from './index.ts';

const event = (): StasisEvent => ({
  specversion: '1.0',
  id: newId('evt'),
  type: 'dev.stasis.checkpoint.accepted.v1',
  source: '/stasis/nodes/node-a',
  subject: newId('ckp'),
  time: '2026-11-24T12:00:00.000Z',
  datacontenttype: 'application/json',
  ledger: 'default',
  authtype: 'system',
  authid: newId('sub'),
  correlationid: 'ckp_x',
  data: { attempt: 1 },
});

describe('ids', () => {
  test('have their prefix, are unique and sort by time of making', () => {
    const ids = Array.from({ length: 100 }, () => newId('ckp'));
    expect(new Set(ids).size).toBe(100);
    expect(ids.every((id) => isId('ckp', id) && !isId('rst', id))).toBe(true);
  });

  test('a derived id is the same for the same fact and number, and differs for others', () => {
    const [a, b] = [newId('evt'), newId('evt')];
    expect(deriveEventId(a, 1)).toBe(deriveEventId(a, 1));
    expect(new Set([a, deriveEventId(a, 1), deriveEventId(a, 2), deriveEventId(b, 1)]).size).toBe(4);
    expect(isId('evt', deriveEventId(a, 1))).toBe(true);
  });

  test.each([
    'ckp_',
    'ckp_zzzz',
    'ckp_01m879zegjf248x5z2913qf0nj0',
    'CKP_01m879zegjf248x5z2913qf0nj',
    "ckp_01m879zegjf248x5z2913qf0n'",
  ])('refuses %j', (text) => {
    expect(isId('ckp', text)).toBe(false);
  });
});

describe('events from outside', () => {
  test('a well-formed one is read as it is', () => {
    const given = event();
    expect(parseEvent(structuredClone(given))).toEqual(given);
  });

  test.each([
    ['an unknown type', { type: 'dev.stasis.checkpoint.exploded.v1' }, /not in the catalogue/],
    ['a type of another version', { type: 'dev.stasis.checkpoint.accepted.v2' }, /not in the catalogue/],
    ['data of another type', { data: { attempt: 'one' } }, /\/attempt/],
    ['data with a field too many', { data: { attempt: 1, extra: 1 } }, /extra/],
    ['a source that is no node', { source: '/stasis/nodes/../api' }, /\/source/],
    ['an id of another kind', { id: newId('ckp') }, /\/id/],
    ['an attribute too many', { surprise: 'x' }, /surprise/],
  ])('%s is refused and named', (_what, change, message) => {
    expect(() => parseEvent({ ...event(), ...change })).toThrow(message);
  });

  test('no input makes the reader fail with anything but EventMalformed', () => {
    fc.assert(
      fc.property(fc.anything(), (input) => {
        expect(() => parseEvent(input)).toThrow(expect.objectContaining({ code: 'EventMalformed' }));
      }),
    );
  });
});

describe('RFC 8785 bytes', () => {
  test('do not depend on the order of keys', () => {
    const text = new TextDecoder().decode(canonicalBytes({ b: 1, a: { d: [1, 2], c: '€' } }));
    expect(text).toBe('{"a":{"c":"€","d":[1,2]},"b":1}');
  });

  test('refuse what has no JSON form', () => {
    expect(() => canonicalBytes(Number.NaN)).toThrow();
    expect(() => canonicalBytes('\ud800')).toThrow();
    expect(() => canonicalBytes(undefined)).toThrow(/no JSON form/);
  });

  test('are told from every other text of the same value', () => {
    const value = fc.jsonValue().filter((one) => JSON.stringify(one).isWellFormed());
    fc.assert(
      fc.property(value, (one) => {
        const text = JSON.stringify(one);
        const canonical = new TextDecoder().decode(canonicalBytes(one));
        expect(isCanonicalText(canonical, JSON.parse(canonical))).toBe(true);
        expect(isCanonicalText(text, JSON.parse(text))).toBe(text === canonical);
        expect(isCanonicalText(` ${canonical}`, one)).toBe(false);
      }),
    );
    for (const other of [
      '{"b":1,"a":2}',
      '{"a":1,"a":2}',
      '{"a":1.0}',
      String.raw`{"a":"\u0061"}`,
      String.raw`"\ud800"`,
    ])
      expect(isCanonicalText(other, JSON.parse(other))).toBe(false);
    for (const same of ['{"10":1,"9":2}', String.raw`"\\ud800"`, '{"__proto__":1}'])
      expect(isCanonicalText(same, JSON.parse(same))).toBe(true);
  });
});

test('the catalogue and its type names are one to one', () => {
  expect(eventKeys).toEqual(Object.keys(catalogue));
  for (const key of eventKeys) expect(keyOf(typeOf(key))).toBe(key);
});
