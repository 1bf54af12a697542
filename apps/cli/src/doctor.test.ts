import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { diagnose, type Finding } from './doctor.ts';

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'stasis-doctor-'));
  vi.stubEnv('STASIS_HOME', path.join(directory, 'home'));
  vi.stubEnv('STASIS_TOOLS', path.join(directory, 'tools'));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(directory, { recursive: true, force: true });
});

const finding = async (what: string): Promise<Finding | undefined> =>
  (await diagnose()).find((one) => one.what === what);

const fakeRunsc = (version: string): string => {
  const file = path.join(directory, 'runsc');
  writeFileSync(file, `#!/usr/bin/env node\nconsole.log('runsc version ${version}');\n`);
  chmodSync(file, 0o755);
  return file;
};

it('says what to do where there is no runsc', async () => {
  vi.stubEnv('PATH', directory);
  expect(await finding('runsc')).toEqual({
    what: 'runsc',
    state: 'no',
    found: 'none',
    next: expect.stringContaining('set STASIS_RUNSC') as string,
  });
});

it('names the runsc that is used, and warns of one that cannot resume in place', async () => {
  const file = fakeRunsc('release-20260905.0');
  vi.stubEnv('STASIS_RUNSC', file);
  expect(await finding('runsc')).toEqual({ what: 'runsc', state: 'yes', found: `release-20260905.0, ${file}` });
  fakeRunsc('0.0~20221219.0');
  expect(await finding('runsc')).toMatchObject({
    state: 'less',
    next: expect.stringContaining('resume in place') as string,
  });
});

it('sees a port that another program holds', async () => {
  const server = createServer().listen({ port: 0, host: '127.0.0.1' });
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  vi.stubEnv('STASIS_LISTEN', `127.0.0.1:${port}`);
  expect(await finding('api port')).toMatchObject({ state: 'no', found: `${port} is taken by another program` });
  await new Promise((resolve) => server.close(resolve));
  expect(await finding('api port')).toMatchObject({ state: 'yes' });
});

it('finds the embedded Postgres, and the settings that replace it and Kafka', async () => {
  vi.stubEnv('DATABASE_URL', '');
  expect(await finding('postgres')).toMatchObject({
    state: 'yes',
    found: expect.stringContaining('PostgreSQL') as string,
  });
  vi.stubEnv('KAFKA_BROKERS', 'kafka.example:9092');
  expect(await finding('kafka')).toMatchObject({ state: 'yes', found: 'KAFKA_BROKERS is kafka.example:9092' });
});
