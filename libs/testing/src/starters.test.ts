import { execFile } from 'node:child_process';
import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { expect, test } from 'vitest';
import { startPostgres } from './postgres.ts';

const run = promisify(execFile);

const listens = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });

test('gives each caller an empty database of its own', { timeout: 60_000 }, async () => {
  const postgres = await startPostgres();
  try {
    const [one, two] = [await postgres.createDatabase(), await postgres.createDatabase()];
    expect(one).not.toBe(two);
    const client = new pg.Client({ connectionString: one });
    await client.connect();
    const { rows } = await client.query<{ name: string }>('select current_database() as name');
    expect(`/${rows[0]?.name}`).toBe(new URL(one).pathname);
    await client.end();
  } finally {
    await postgres.stop();
  }
});

test('ends the server and removes its files when the test process is killed', { timeout: 60_000 }, async () => {
  const temporary = await mkdtemp(path.join(tmpdir(), 'stasis-starters-'));
  await chmod(temporary, 0o755);
  try {
    const script = `
      import { startPostgres } from ${JSON.stringify(path.join(import.meta.dirname, 'postgres.ts'))};
      console.log(new URL((await startPostgres()).url).port);
      process.kill(process.pid, 'SIGKILL');`;
    const { STASIS_TEST_DATABASE_URL: _shared, ...env } = process.env;
    const killed: { signal?: string; stdout: string } = await run(
      process.execPath,
      ['--no-warnings', '--input-type=module', '-e', script],
      { cwd: import.meta.dirname, env: { ...env, TMPDIR: temporary } },
    ).catch((error: unknown) => error as { signal: string; stdout: string });
    expect(killed.signal).toBe('SIGKILL');
    const port = Number(killed.stdout);
    expect(port).toBeGreaterThan(0);
    await expect.poll(() => listens(port), { timeout: 10_000 }).toBe(false);
    await expect.poll(() => readdir(temporary), { timeout: 10_000 }).toEqual([]);
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
});

test(
  'removes its files when the test process is killed while the server is being made',
  { timeout: 60_000 },
  async () => {
    const temporary = await mkdtemp(path.join(tmpdir(), 'stasis-starters-'));
    await chmod(temporary, 0o755);
    try {
      const script = `
      import { readdirSync } from 'node:fs';
      import { startPostgres } from ${JSON.stringify(path.join(import.meta.dirname, 'postgres.ts'))};
      void startPostgres();
      setInterval(() => {
        const made = readdirSync(process.env.TMPDIR)[0];
        if (made && readdirSync(process.env.TMPDIR + '/' + made).includes('data')) process.kill(process.pid, 'SIGKILL');
      }, 5);`;
      const { STASIS_TEST_DATABASE_URL: _shared, ...env } = process.env;
      await expect(
        run(process.execPath, ['--no-warnings', '--input-type=module', '-e', script], {
          cwd: import.meta.dirname,
          env: { ...env, TMPDIR: temporary },
        }),
      ).rejects.toMatchObject({ signal: 'SIGKILL' });
      await expect.poll(() => readdir(temporary), { timeout: 20_000 }).toEqual([]);
    } finally {
      await rm(temporary, { recursive: true, force: true });
    }
  },
);
