import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import { type Duty, lead, pause } from './leader.ts';
import type { Log } from './log.ts';

const silent: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** A lease as the database keeps it: one holder, a number that grows with each change of hands. */
function leaseTable(): { acquire(holder: string, ttlMs: number): number | undefined; release(holder: string): void } {
  let row = { holder: '', fencing: 0, expires: 0 };
  return {
    acquire: (holder, ttlMs) => {
      const now = Date.now();
      if (row.holder !== holder && row.expires > now) return undefined;
      const isKept = row.holder === holder && row.expires > now;
      row = { holder, fencing: isKept ? row.fencing : row.fencing + 1, expires: now + ttlMs };
      return row.fencing;
    },
    release: (holder) => {
      if (row.holder === holder) row = { ...row, expires: 0 };
    },
  };
}

const dutyOf = (
  table: ReturnType<typeof leaseTable>,
  holder: string,
  work: Duty['work'],
  acquire: Duty['acquire'] = async (ttlMs) => table.acquire(holder, ttlMs),
): Duty => ({ name: 'test', ttlMs: 1000, acquire, release: async () => table.release(holder), work });

const untilAborted: Duty['work'] = ({ signal }) => pause(60_000, signal);

vi.setConfig({ testTimeout: 60_000 });

describe('a leader duty', () => {
  it('is done by one at a time, and by the other as soon as the first gives it up', async () => {
    const table = leaseTable();
    const one = lead(dutyOf(table, 'one', untilAborted), silent);
    await vi.waitFor(() => expect(one.fencing).toBe(1), 15_000);
    const two = lead(dutyOf(table, 'two', untilAborted), silent);
    await sleep(1500);
    expect([one.fencing, two.fencing]).toEqual([1, undefined]);
    await one.stop();
    await vi.waitFor(() => expect(two.fencing).toBe(2), 15_000);
    await two.stop();
  });

  it('is stopped when the lease cannot be renewed before it runs out', async () => {
    const table = leaseTable();
    let isAway = false;
    const aborted = vi.fn<() => void>();
    const work: Duty['work'] = async ({ signal }) => {
      await pause(60_000, signal);
      aborted();
    };
    const acquire: Duty['acquire'] = async (ttlMs) => {
      if (isAway) throw new Error('the database is away');
      return table.acquire('one', ttlMs);
    };
    const one = lead(dutyOf(table, 'one', work, acquire), silent);
    await vi.waitFor(() => expect(one.fencing).toBe(1), 15_000);
    isAway = true;
    await vi.waitFor(() => expect(aborted).toHaveBeenCalledOnce(), 15_000);
    expect(one.fencing).toBeUndefined();
    isAway = false;
    await vi.waitFor(() => expect(one.fencing).toBe(2), 15_000);
    await one.stop();
  });

  it('is stopped when another took the lease while this one slept', async () => {
    const table = leaseTable();
    const one = lead(dutyOf(table, 'one', untilAborted), silent);
    await vi.waitFor(() => expect(one.fencing).toBe(1), 15_000);
    table.release('one');
    expect(table.acquire('two', 60_000)).toBe(2);
    await vi.waitFor(() => expect(one.fencing).toBeUndefined(), 15_000);
    await one.stop();
  });

  it('knows at once, before its timers run, that its lease ran out while it was stopped', async () => {
    const table = leaseTable();
    const seen: boolean[] = [];
    const work: Duty['work'] = async ({ signal, isCurrent }) => {
      seen.push(isCurrent());
      // Nothing else of this process runs meanwhile, as when it is stopped and goes on.
      const until = performance.now() + 1100;
      while (performance.now() < until);
      seen.push(isCurrent());
      await pause(60_000, signal);
    };
    const one = lead(dutyOf(table, 'one', work), silent);
    await vi.waitFor(() => expect(seen.slice(0, 2)).toEqual([true, false]), 15_000);
    await one.stop();
  });

  it('is begun again under the same lease after it failed', async () => {
    const table = leaseTable();
    let calls = 0;
    const work: Duty['work'] = async (term) => {
      calls += 1;
      if (calls === 1) throw new Error('once');
      await untilAborted(term);
    };
    const one = lead(dutyOf(table, 'one', work), silent);
    await vi.waitFor(() => expect(calls).toBe(2), 15_000);
    expect(one.fencing).toBe(1);
    await one.stop();
  });
});
