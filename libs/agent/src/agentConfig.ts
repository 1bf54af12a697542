import { createHash } from 'node:crypto';
import { lstatSync, mkdirSync, statfsSync } from 'node:fs';
import { hostname, userInfo } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { isNodeName } from '@stasis/container';
import { StasisError } from '@stasis/errors';

export interface AgentConfig {
  readonly home: string;
  readonly node: string;
  /** `$STASIS_HOME/nodes/<node>`. */
  readonly nodeDir: string;
  readonly runtime: 'runsc' | 'simulated';
  /** Absent: the driver looks for one itself. */
  readonly runsc?: string;
  readonly runscFlags?: readonly string[];
  /** Container roots that are looked at; Stasis creates in the first. */
  readonly roots: readonly string[];
  /** Where raw images lie until they are stored. `tmpfs` is absent where none is to be used. */
  readonly staging: { readonly tmpfs?: string; readonly disk: string };
  readonly store: string;
  /** Operations under way at once on this node. */
  readonly concurrency: number;
  readonly captureTimeoutMs: number;
  readonly restoreTimeoutMs: number;
  /** How long a paused container waits for the recorder before it is resumed. */
  readonly recordTimeoutMs: number;
  /** Bytes of the journal's disk that no new work is begun in. */
  readonly journalReserveBytes: number;
}

type Env = Readonly<Record<string, string | undefined>>;

/**
 * Settings of a node agent from the environment (design.md "Configuration"). Makes nothing but reads the file system.
 * @throws StasisError ConfigInvalid naming the variable
 */
export function readAgentConfig(env: Env = process.env): AgentConfig {
  const home = resolve(env['STASIS_HOME'] || '.stasis');
  const node = env['STASIS_NODE'] || hostname().toLowerCase();
  if (!isNodeName(node)) throw invalid('STASIS_NODE', `"${node}" is not a lower-case RFC 1123 name`);
  const runtime = env['STASIS_RUNTIME'] || 'runsc';
  if (runtime !== 'runsc' && runtime !== 'simulated')
    throw invalid('STASIS_RUNTIME', `"${runtime}" is neither runsc nor simulated`);
  const nodeDir = join(home, 'nodes', node);
  const roots = (env['STASIS_RUNSC_ROOTS'] || join(nodeDir, 'runsc')).split(/[:,]/u).filter((root) => root !== '');
  if (roots.length === 0) throw invalid('STASIS_RUNSC_ROOTS', 'names no directory');
  const flags = env['STASIS_RUNSC_FLAGS'];
  const runsc = env['STASIS_RUNSC'];
  return {
    home,
    node,
    nodeDir,
    runtime,
    ...(runsc && { runsc }),
    ...(flags && { runscFlags: flags.split(/\s+/u).filter((flag) => flag !== '') }),
    roots: roots.map((root) => resolve(root)),
    staging: stagingOf(env, node, nodeDir),
    store: env['STASIS_STORE'] || pathToFileURL(join(home, 'store')).href,
    concurrency: count(env, 'STASIS_NODE_CONCURRENCY', 4),
    captureTimeoutMs: count(env, 'STASIS_CAPTURE_TIMEOUT_MS', 600_000),
    restoreTimeoutMs: count(env, 'STASIS_RESTORE_TIMEOUT_MS', 600_000),
    recordTimeoutMs: count(env, 'STASIS_RECORD_TIMEOUT_MS', 300_000),
    journalReserveBytes: count(env, 'STASIS_JOURNAL_RESERVE_BYTES', 16 << 20),
  };
}

function stagingOf(env: Env, node: string, nodeDir: string): AgentConfig['staging'] {
  const given = env['STASIS_STAGING'];
  const disk = join(nodeDir, 'staging');
  if (given) return isTmpfs(resolve(given)) ? { tmpfs: resolve(given, node), disk } : { disk: resolve(given) };
  if (!isTmpfs('/dev/shm')) return { disk };
  // Two homes on one machine may hold nodes of one name.
  const own = `${node}-${createHash('sha256').update(nodeDir).digest('hex').slice(0, 12)}`;
  return { tmpfs: join('/dev/shm', `stasis-${userInfo().uid}`, own), disk };
}

/** The bundle that Stasis makes for a container of its own; a bundle elsewhere is someone else's. */
export const bundleDir = (config: Pick<AgentConfig, 'nodeDir'>, name: string): string =>
  join(config.nodeDir, 'bundles', name);

const tmpfsMagic = 0x01021994;

/** Whether a directory, or the nearest one above it that exists, lies in memory (statfs(2), TMPFS_MAGIC). */
export function isTmpfs(path: string): boolean {
  try {
    return statfsSync(path).type === tmpfsMagic;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return path === '/' ? false : isTmpfs(resolve(path, '..'));
  }
}

/**
 * Makes a directory that only this user may look into. Idempotent.
 * @throws StasisError ConfigInvalid when something else is there: another user could read or swap what is put in it
 */
export const makePrivate = (path: string): string => {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  const { uid, mode } = lstatSync(path);
  if (uid !== userInfo().uid || (mode & 0o022) !== 0 || (mode & 0o170000) !== 0o040000)
    throw new StasisError('ConfigInvalid', `${path} is not a directory that only this user can write to`);
  return path;
};

function count(env: Env, name: string, otherwise: number): number {
  const text = env[name];
  if (!text) return otherwise;
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw invalid(name, `"${text}" is not a whole number above 0`);
  return value;
}

const invalid = (field: string, what: string): StasisError =>
  new StasisError('ConfigInvalid', `${field}: ${what}`, { details: [{ field, message: what }] });
