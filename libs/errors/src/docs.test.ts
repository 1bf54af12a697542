import { docsSection } from '@stasis/testing';
import { expect, test } from 'vitest';
import { errorTable, isReasonCode, reasonCodes } from './index.ts';

test('docs/errors.md lists exactly the codes of the table', () => {
  const rows = Object.entries(errorTable).map(([code, row]) => {
    const cells = [
      code,
      row.http,
      row.exit,
      row.retryable ? 'yes' : 'no',
      isReasonCode(code) ? 'yes' : 'no',
      row.sentence,
    ];
    return `| ${cells.join(' | ')} |`;
  });
  const table = [
    '| Code | HTTP | Exit | Retry | Reason | Says |',
    '| --- | --- | --- | --- | --- | --- |',
    ...rows,
  ].join('\n');
  const { written, expected } = docsSection('errors.md', 'errors', table);
  expect(written).toBe(expected);
});

test('each reason is a row of the table and is listed once', () => {
  expect(new Set(reasonCodes).size).toBe(reasonCodes.length);
  for (const code of reasonCodes) expect(errorTable[code].sentence).toMatch(/\.$/);
});
