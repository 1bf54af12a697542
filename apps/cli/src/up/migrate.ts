import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { StasisError } from '@stasis/errors';
import { checkout, nodeProgram } from './places.ts';

const digestOfMigrations = (): string => {
  const hash = createHash('sha256');
  for (const file of globSync('prisma/migrations/*/migration.sql', { cwd: checkout }).toSorted())
    hash.update(file).update(readFileSync(path.join(checkout, file)));
  return hash.digest('hex');
};

const readStamp = (file: string): string | undefined => {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
};

/**
 * `prisma migrate deploy`: makes the database when it is not there and brings its schema up to date. With `stampFile`
 * (kept inside the embedded cluster's directory, so that it goes when the data goes) an unchanged schema costs nothing.
 *
 * @throws {StasisError} ConfigInvalid with what Prisma said.
 */
export const migrate = async (databaseUrl: string, stampFile?: string): Promise<'applied' | 'unchanged'> => {
  const digest = digestOfMigrations();
  if (stampFile !== undefined && readStamp(stampFile) === digest) return 'unchanged';
  const prisma = path.join(checkout, 'node_modules/prisma/build/index.js');
  try {
    await promisify(execFile)(nodeProgram(), [prisma, 'migrate', 'deploy'], {
      cwd: checkout,
      env: { ...process.env, DATABASE_URL: databaseUrl },
      timeout: 120_000,
    });
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    const said = `${stdout}\n${stderr}`.replaceAll(databaseUrl, 'DATABASE_URL').trim();
    throw new StasisError('ConfigInvalid', `The database schema could not be brought up to date:\n${said}`, {
      next: 'Check DATABASE_URL, and that its user may create tables.',
      cause: error,
    });
  }
  if (stampFile !== undefined) writeFileSync(stampFile, digest);
  return 'applied';
};
