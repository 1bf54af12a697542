import { readFileSync } from 'node:fs';
import path from 'node:path';
import { messageOf, StasisError } from '@stasis/errors';

type Env = Readonly<Record<string, string | undefined>>;

const checkout = path.resolve(import.meta.dirname, '../../..');

/** `STASIS_HOME`, else `.stasis` in the checkout. */
export const homeOf = (env: Env): string => path.resolve(env['STASIS_HOME'] || path.join(checkout, '.stasis'));

/** What `stasis up` leaves in its home for other commands while it runs. */
export interface RunningServer {
  readonly url: string;
  readonly pid?: number;
}

/** Undefined when no platform was started in that home. @throws StasisError ConfigInvalid when the file is no JSON. */
export const readRunningServer = (home: string): RunningServer | undefined => {
  const file = path.join(home, 'server.json');
  const text = readIfThere(file);
  if (text === undefined) return undefined;
  try {
    const { url, pid } = JSON.parse(text) as { url?: unknown; pid?: unknown };
    if (typeof url === 'string') return { url, ...(typeof pid === 'number' && { pid }) };
  } catch (error) {
    throw new StasisError('ConfigInvalid', `${file} is not JSON: ${messageOf(error)}`, { next: 'Remove the file.' });
  }
  throw new StasisError('ConfigInvalid', `${file} names no url`, { next: 'Remove the file.' });
};

const readIfThere = (file: string): string | undefined => {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new StasisError('ConfigInvalid', `${file} cannot be read: ${messageOf(error)}`, {
      next: 'Set STASIS_SERVER and STASIS_TOKEN, or run as the user who started Stasis.',
    });
  }
};

export interface Connection {
  readonly server: string;
  readonly token: string | undefined;
}

/**
 * Where the api is and what to show it: the flags, else STASIS_SERVER and STASIS_TOKEN, else what `stasis up` left in
 * the home (server.json, admin.token), else 127.0.0.1:7070.
 * @throws StasisError ConfigInvalid when the address is none or a file cannot be read.
 */
export const connectionOf = (flags: { server?: string; token?: string }, env: Env): Connection => {
  const home = homeOf(env);
  const given = flags.server || env['STASIS_SERVER'] || readRunningServer(home)?.url || 'http://127.0.0.1:7070';
  const server = /^[a-z]+:\/\//.test(given) ? given : `http://${given}`;
  if (!URL.canParse(server) || !/^https?:/.test(server))
    throw new StasisError('ConfigInvalid', `"${given}" is not the address of an api`, {
      next: 'Give --server or STASIS_SERVER as http://host:port.',
    });
  const token = flags.token || env['STASIS_TOKEN'] || readIfThere(path.join(home, 'admin.token'))?.trim();
  return { server: server.replace(/\/+$/, ''), token };
};
