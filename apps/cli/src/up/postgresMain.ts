// The process that `stasis up` keeps for the embedded Postgres: arguments are its directory and its port.
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { holdAdopted, holdProgram } from './holdProgram.ts';
import { postgresPrograms, postmasterOf, type PostgresPrograms } from './postgresProgram.ts';

const [directory = '', port = ''] = process.argv.slice(2);
const data = path.join(directory, 'data');
const passwordFile = path.join(directory, 'password');

/** SIGINT is Postgres's fast shutdown: clients are cut off, all is written. */
const stopSignal = 'SIGINT';

const initialise = async ({ initdb, user, prefix }: PostgresPrograms): Promise<void> => {
  // Made aside and renamed: a set-up that was killed leaves no half of a cluster.
  const fresh = path.join(directory, 'data.new');
  rmSync(fresh, { recursive: true, force: true });
  const settings = ['-U', 'postgres', `--pwfile=${passwordFile}`, '-A', 'scram-sha-256', '-E', 'UTF8', '--locale=C'];
  const [command = '', ...args] = [...prefix, initdb, '-D', fresh, ...settings];
  await promisify(execFile)(command, args, {
    cwd: '/',
    env: { ...process.env, LC_ALL: 'C' },
    ...(prefix.length > 0 ? {} : user),
  });
  renameSync(fresh, data);
};

const main = async (): Promise<void> => {
  const left = postmasterOf(data);
  if (left !== undefined) await holdAdopted(left.mark, stopSignal);
  const programs = await postgresPrograms();
  const { user } = programs;
  mkdirSync(directory, { recursive: true });
  if (user !== undefined) chownSync(directory, user.uid, user.gid);
  if (!existsSync(passwordFile)) writeFileSync(passwordFile, randomBytes(18).toString('hex'), { mode: 0o600 });
  if (user !== undefined) chownSync(passwordFile, user.uid, user.gid);
  chmodSync(passwordFile, 0o600);
  if (!existsSync(path.join(data, 'PG_VERSION'))) await initialise(programs);
  const pidFile = path.join(data, 'postmaster.pid');
  if (existsSync(pidFile)) {
    // A postmaster that was killed: its backends see it and leave within a second; then the file is nobody's.
    console.error(`found the pid file of a postmaster that is gone (${readFileSync(pidFile, 'utf8').split('\n')[0]})`);
    await sleep(1500);
    rmSync(pidFile, { force: true });
  }
  const settings = [`port=${port}`, 'listen_addresses=127.0.0.1', 'unix_socket_directories=', 'max_connections=200'];
  const [command, ...args] = [...programs.prefix, programs.postgres, '-D', data];
  holdProgram({
    command,
    args: [...args, ...settings.flatMap((setting) => ['-c', setting])],
    stopSignal,
    env: { LC_ALL: 'C' },
    ...(user === undefined || programs.prefix.length > 0 ? {} : { user }),
  });
};

await main();
