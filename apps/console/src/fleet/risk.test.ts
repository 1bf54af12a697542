import { expect, it } from 'vitest';
import { riskOf } from './risk.ts';

it.each([
  ['2026-11-24T11:00:00Z', 'fresh'],
  ['2026-11-24T10:59:59Z', 'late'],
  ['2026-11-23T11:59:59Z', 'old'],
  [undefined, 'none'],
])('a checkpoint of %s is %s at noon', (at, risk) => {
  expect(riskOf(at, '2026-11-24T12:00:00Z')).toBe(risk);
});
