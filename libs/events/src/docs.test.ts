import { docsSection } from '@stasis/testing';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { catalogue, eventKeys, typeOf } from './index.ts';

test('docs/events.md lists exactly the types of the catalogue, with their fields', () => {
  const rows = eventKeys.map((key) => {
    const schema = z.toJSONSchema(catalogue[key], { io: 'input' });
    const fields = Object.keys(schema.properties ?? {}).map((field) =>
      schema.required?.includes(field) ? field : `${field}?`,
    );
    return `| ${typeOf(key)} | ${fields.join(', ')} |`;
  });
  const table = ['| Type | Fields of data |', '| --- | --- |', ...rows].join('\n');
  const { written, expected } = docsSection('events.md', 'catalogue', table);
  expect(written).toBe(expected);
});
