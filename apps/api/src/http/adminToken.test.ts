import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { listTokens, openPostgresLedger, type PostgresLedger } from '@stasis/ledger/postgres';
import { startPostgres, type TestPostgres } from '@stasis/testing';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { loadLedgerKey } from '../audit/ledgerKey.ts';
import { applyMigrations } from '../testApi.ts';
import { ensureAdminToken } from './adminToken.ts';
import { createAuthenticate } from './authenticate.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 120_000 });

let postgres: TestPostgres;
let home: string;
let ledger: PostgresLedger;

const opened = async (): Promise<PostgresLedger> => {
  const databaseUrl = await postgres.createDatabase();
  await applyMigrations(databaseUrl);
  return openPostgresLedger({ connectionString: databaseUrl });
};

beforeAll(async () => {
  home = await mkdtemp(path.join(tmpdir(), 'stasis-test-token-'));
  postgres = await startPostgres();
  ledger = await opened();
});

afterAll(async () => {
  await ledger?.close();
  await postgres?.stop();
  await rm(home, { recursive: true, force: true });
});

describe('the admin token', () => {
  it('is made and told once; a later start says nothing and it still works', async () => {
    const announce = vi.fn<(secret: string, file: string) => void>();
    await ensureAdminToken(ledger, home, announce);
    await ensureAdminToken(ledger, home, announce);
    expect(announce).toHaveBeenCalledOnce();
    const [secret, file] = announce.mock.calls[0] ?? [];
    expect((await readFile(String(file), 'utf8')).trim()).toBe(secret);
    const principal = await createAuthenticate(ledger.database)(`Bearer ${String(secret)}`);
    const [token] = await listTokens(ledger.database);
    expect(principal).toEqual({ id: token?.id, role: 'admin', nodes: [], expires: null });
    expect(token?.id).toMatch(/^sub_/);
    const created = await ledger.readStream('system', `token/${String(token?.id)}`);
    expect(created.map(({ event }) => event.data)).toEqual([{ role: 'admin' }]);
  });

  it('is put into a new database by the home that has it', async () => {
    const other = await opened();
    const announce = vi.fn<() => void>();
    await ensureAdminToken(other, home, announce);
    expect(announce).not.toHaveBeenCalled();
    const secret = (await readFile(path.join(home, 'admin.token'), 'utf8')).trim();
    await expect(createAuthenticate(other.database)(`Bearer ${secret}`)).resolves.toMatchObject({ role: 'admin' });
    await other.close();
  });
});

describe('the ledger key', () => {
  it('is made once and stays', async () => {
    const [one, two] = [await loadLedgerKey(home), await loadLedgerKey(home)];
    expect(two.privateKey).toEqual(one.privateKey);
    expect(one.verifierKeyOf('default')).toMatch(/^stasis\/default\+[0-9a-f]{8}\+/);
  });

  it('is refused when the file holds something else, and not replaced', async () => {
    await writeFile(path.join(home, 'ledger.key'), 'broken\n');
    await expect(loadLedgerKey(home)).rejects.toMatchObject({ code: 'ConfigInvalid' });
    expect(await readFile(path.join(home, 'ledger.key'), 'utf8')).toBe('broken\n');
  });
});
