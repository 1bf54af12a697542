import { expect, test } from 'vitest';
import { judge } from './auditDependencies.ts';

const report = (counts: object): string => JSON.stringify({ metadata: { vulnerabilities: counts } });

test.each([
  ['none', report({ low: 0, moderate: 0, high: 0, critical: 0 }), false],
  ['moderate ones', report({ low: 1, moderate: 2, high: 0, critical: 0 }), false],
  ['a high one', report({ low: 0, high: 1 }), true],
  ['a critical one', report({ critical: 1 }), true],
])('a report of %s', (_, output, failed) => {
  expect(judge(output).failed).toBe(failed);
});

test.each([
  ['an error', JSON.stringify({ message: '405 Method Not Allowed', error: { summary: '' } })],
  ['no JSON', '<html>'],
  ['nothing', ''],
])('%s in the place of a report fails nothing and says that it was not done', (_, output) => {
  expect(judge(output)).toMatchObject({ failed: false, words: expect.stringMatching(/^not done: /) });
});
