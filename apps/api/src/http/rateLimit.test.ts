import { describe, expect, it } from 'vitest';
import { createRateLimit } from './rateLimit.ts';

describe('a rate limit of 2 a second', () => {
  it('lets 8 through at once, then says how long to wait, then 2 a second', () => {
    let now = 0;
    const limit = createRateLimit(2, () => now);
    const taken = (count: number): number[] => Array.from({ length: count }, () => limit.take('a'));
    expect(taken(9)).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 1]);
    now = 1000;
    expect(taken(3)).toEqual([0, 0, 1]);
    now = 60_000;
    expect(taken(9).filter((wait) => wait === 0)).toHaveLength(8);
  });

  it('counts each key alone', () => {
    const limit = createRateLimit(2, () => 0);
    for (let n = 0; n < 8; n += 1) limit.take('a');
    expect(limit.take('a')).toBe(1);
    expect(limit.take('b')).toBe(0);
  });

  it('does not forget a key that keeps coming for those that come once', () => {
    const limit = createRateLimit(1, () => 0, 2);
    for (let n = 0; n < 4; n += 1) {
      expect(limit.take('busy')).toBe(0);
      limit.take(`once-${n}`);
    }
    expect(limit.take('busy')).toBeGreaterThan(0);
  });

  it('holds no more keys than it is told', () => {
    const limit = createRateLimit(2, () => 0, 2);
    for (let n = 0; n < 8; n += 1) limit.take('a');
    limit.take('b');
    limit.take('c');
    expect(limit.take('a')).toBe(0);
  });
});

it('a limit below one a second says whole seconds', () => {
  const limit = createRateLimit(0.25, () => 0);
  expect([limit.take('a'), limit.take('a')]).toEqual([0, 4]);
});
