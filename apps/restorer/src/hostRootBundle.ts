import { accessSync, constants, existsSync, realpathSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, isAbsolute, join, normalize } from 'node:path';
import { makePrivate } from '@stasis/agent';
import { StasisError } from '@stasis/errors';
import type { OciMount, OciSpec } from '@stasis/spec';

export interface HostRootCommand {
  readonly name: string;
  readonly command: readonly string[];
  readonly env: readonly string[];
  readonly cwd: string;
  /** Hidden from the container: it holds keys and tokens. */
  readonly home: string;
}

const defaultPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/**
 * Writes a bundle that runs one command over the host's own root, read-only, with an empty /tmp and no network: any
 * installed program without making a root file system. @throws StasisError RuntimeFailed when there is no such program
 */
export function writeHostRootBundle(dir: string, wanted: HostRootCommand): OciSpec {
  const path = wanted.env.find((entry) => entry.startsWith('PATH='));
  const env = [...(path === undefined ? [`PATH=${process.env['PATH'] ?? defaultPath}`] : []), ...wanted.env];
  const [program = '', ...rest] = wanted.command;
  const args = [findProgram(program, (path ?? env[0] ?? '').slice('PATH='.length), wanted.cwd), ...rest];
  const spec: OciSpec = {
    ociVersion: '1.0.2',
    process: {
      terminal: false,
      user: { uid: 0, gid: 0 },
      args,
      env,
      cwd: wanted.cwd,
      noNewPrivileges: true,
    },
    root: { path: '/', readonly: true },
    hostname: wanted.name.slice(0, 64),
    mounts: [
      { destination: '/proc', type: 'proc', source: 'proc' },
      { destination: '/tmp', type: 'tmpfs', source: 'tmpfs' },
      ...shown([args[0]!, ...rest], wanted.home),
      ...hidden(wanted.home),
    ],
    linux: {
      namespaces: [{ type: 'pid' }, { type: 'ipc' }, { type: 'uts' }, { type: 'mount' }, { type: 'network' }],
    },
  };
  writeBundle(dir, spec);
  return spec;
}

/** Makes the directory anew with this config.json (0600). */
export function writeBundle(dir: string, spec: OciSpec): void {
  rmSync(dir, { recursive: true, force: true });
  makePrivate(dir);
  writeFileSync(join(dir, 'config.json'), JSON.stringify(spec, null, 2), { mode: 0o600 });
}

/**
 * What the command itself names beneath /tmp is shown there, read-only: a program or script with the directory it lies
 * in, so that it finds its neighbours; it alone where that directory is /tmp or holds the home.
 */
function shown(args: readonly string[], home: string): OciMount[] {
  const given = args.filter((arg) => isAbsolute(arg) && normalize(arg) === arg && existsSync(arg));
  // A link is shown with what it leads to.
  const named = given.flatMap((file) => [file, realpathSync(file)]).filter((file) => file.startsWith('/tmp/'));
  const places = named.map((file) => {
    const dir = statSync(file).isDirectory() ? file : dirname(file);
    return dir === '/tmp' || isWithin(home, dir) ? file : dir;
  });
  return [...new Set(places)]
    .filter((place) => !isWithin(place, home) && !isWithin(home, place))
    .toSorted()
    .map((place) => ({ destination: place, type: 'bind', source: place, options: ['rbind', 'ro'] }));
}

const isWithin = (inner: string, outer: string): boolean => inner === outer || inner.startsWith(`${outer}/`);

/** The empty /tmp hides what lies beneath it already. */
const hidden = (home: string): OciMount[] =>
  home.startsWith('/tmp/') || home === '/tmp'
    ? []
    : [{ destination: home, type: 'tmpfs', source: 'tmpfs', options: ['ro', 'mode=0700'] }];

function findProgram(program: string, path: string, cwd: string): string {
  const candidates = isAbsolute(program)
    ? [program]
    : program.includes('/')
      ? [join(cwd, program)]
      : path
          .split(delimiter)
          .filter((dir) => isAbsolute(dir))
          .map((dir) => join(dir, program));
  const found = candidates.find(isProgram);
  if (found !== undefined) return found;
  throw new StasisError('RuntimeFailed', `there is no program "${program}" on this node`, {
    next: 'Give its absolute path, or a PATH in env that has it.',
  });
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}
