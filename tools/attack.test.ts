import { beforeAll, describe, expect, it } from 'vitest';
import { attackLedger, type AttackResult } from './attack/ledger.ts';

describe('a ledger whose database was falsified by its owner', { timeout: 300_000 }, () => {
  let results: AttackResult[];
  beforeAll(async () => {
    results = await attackLedger();
  }, 300_000);

  it('is caught in every case, at the right position, by each that must notice', () => {
    expect(results.filter(({ right }) => !right)).toEqual([]);
    expect(results.length).toBeGreaterThanOrEqual(14);
  });

  it('is not accused when nothing was changed', () => {
    const [control, ...falsified] = results;
    expect(control).toMatchObject({ said: '', by: [] });
    expect(falsified.every(({ said, by }) => said !== '' && by.length > 0)).toBe(true);
  });

  it('is caught by what is outside the database alone when the rows agree with themselves', () => {
    const outsideOnly = results.filter(({ by }) => !by.includes('rows') && by.length > 0);
    expect(outsideOnly.map(({ by }) => by)).toEqual(outsideOnly.map(() => ['heads', 'witness']));
    expect(outsideOnly.length).toBeGreaterThanOrEqual(4);
  });
});
