import { expect, test } from 'vitest';
import { fromMessage, toMessage } from './cloudEventMessage.ts';

const attributes = { specversion: '1.0', id: 'evt_1', type: 'dev.stasis.checkpoint.ready.v1', source: '/stasis/api' };

test('puts each attribute in a ce_ header and the data type in content-type', () => {
  const message = toMessage('stasis.ledger', 'ckp_1', attributes, { bytes: 1 });
  expect(message).toMatchObject({ topic: 'stasis.ledger', key: 'ckp_1' });
  expect(message.headers).toEqual({
    ce_specversion: '1.0',
    ce_id: 'evt_1',
    ce_type: 'dev.stasis.checkpoint.ready.v1',
    ce_source: '/stasis/api',
    'content-type': 'application/json',
  });
  expect(new TextDecoder().decode(message.value)).toBe('{"bytes":1}');
});

test('leaves canonical bytes as they are and sends to the partition it is given', () => {
  const bytes = new TextEncoder().encode('{"b":1,"a":2}');
  const message = toMessage('stasis.requests', 'node-1', attributes, bytes, 3);
  expect(message.value).toBe(bytes);
  expect(message.partition).toBe(3);
});

test('reads back what it wrote and ignores foreign headers', () => {
  const written = toMessage(
    't',
    'k',
    { ...attributes, datacontenttype: 'application/cloudevents+json' },
    { text: 'é' },
  );
  const read = fromMessage({ ...written, headers: { ...written.headers, 'stasis-poison-reason': 'x' } });
  expect(read).toEqual({
    attributes: { ...attributes, datacontenttype: 'application/cloudevents+json' },
    data: { text: 'é' },
  });
});

test('refuses a value that is not JSON', () => {
  expect(() => fromMessage({ headers: {}, value: Uint8Array.of(0xff) })).toThrow(TypeError);
  expect(() => fromMessage({ headers: {}, value: new TextEncoder().encode('{') })).toThrow(SyntaxError);
});
