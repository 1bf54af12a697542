import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { openPostgresLedger, type PostgresLedger } from '@stasis/ledger/postgres';
import { startPostgres, type TestPostgres } from '@stasis/testing';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { hasEnded, holderOf, takeLease } from './leaseHolder.ts';
import type { Log } from './log.ts';
import { applyMigrations } from './testApi.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 120_000 });

const silent: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
let postgres: TestPostgres;
let ledger: PostgresLedger;

beforeAll(async () => {
  postgres = await startPostgres();
  const connectionString = await postgres.createDatabase();
  await applyMigrations(connectionString);
  ledger = await openPostgresLedger({ connectionString });
});
afterAll(async () => {
  await ledger?.close();
  await postgres?.stop();
});

const take = (name: string, holder: string): Promise<number | undefined> =>
  takeLease(ledger.database, { name, holder, ttlMs: 60_000 }, silent);

/** The holder that a process was before it was killed. */
const killedHolder = async (): Promise<string> => {
  const child = spawn('sleep', ['60'], { stdio: 'ignore' });
  await once(child, 'spawn');
  const holder = holderOf('killed', child.pid);
  child.kill('SIGKILL');
  await once(child, 'exit');
  return holder;
};

describe('a lease', () => {
  it('is taken at once from a process that died on this machine, under a higher number', async () => {
    expect(await take('orphaned', await killedHolder())).toBe(1);
    expect(await take('orphaned', holderOf('next'))).toBe(2);
  });

  it('is left with a process that lives, and with a live one that was given the pid of a dead one', async () => {
    const alive = holderOf('alive');
    expect(await take('kept', alive)).toBe(1);
    expect(await take('kept', holderOf('next', process.ppid))).toBeUndefined();
    const [instance, pid, startTicks, space] = alive.split(' ');
    expect(hasEnded(`${instance} ${pid} ${Number(startTicks) + 1} ${space}`)).toBe(true);
  });

  it('is left with a process of another machine, another boot or another pid namespace, dead or not', async () => {
    const [instance, pid, startTicks, space = ''] = (await killedHolder()).split(' ');
    const elsewhere = `${instance} ${pid} ${startTicks} ${space.replace(/^./, (c) => (c === '0' ? '1' : '0'))}`;
    const otherNamespace = `${instance} ${pid} ${startTicks} ${space.replace(/\[\d+\]/, '[1]')}`;
    for (const [at, holder] of ['instance-alone', elsewhere, otherNamespace].entries()) {
      expect(await take(`foreign-${at}`, holder)).toBe(1);
      expect(await take(`foreign-${at}`, holderOf('next'))).toBeUndefined();
    }
  });
});
