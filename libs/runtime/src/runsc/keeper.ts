import { spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf, StasisError } from '@stasis/errors';
import { commandLine, isGone, isSameProcess, processFacts } from '../process/procfs.ts';
import { waitUntil } from '../process/waitUntil.ts';
import { checkout } from './locate.ts';

/**
 * Without root, runsc needs a user namespace in which this user is root, and all calls for a container must be made in
 * the same one. The keeper is a sleeping process that holds it open, one per node:
 *
 *   unshare --user --map-root-user --mount --pid --fork --mount-proc sleep infinity
 *
 * It is pid 1 of its pid namespace, and when it dies the kernel kills every sandbox in there: so it is nobody's child
 * that matters, does nothing, and no agent ever takes its place. Its host pid and start time are in `ns.pid`.
 */
const keeperArgv = ['--user', '--map-root-user', '--mount', '--pid', '--fork', '--mount-proc', 'sleep', 'infinity'];
const startTimeoutMs = 5_000;

/** True where runsc can be called directly. Inside the keeper's namespaces this user is root as well. */
export const needsKeeper = (): boolean => process.getuid?.() !== 0;

/** `$STASIS_HOME/nodes/<node>/ns.pid`, with the same defaults as the agents: all calls for a container must meet there. */
export const defaultKeeperFile = (): string =>
  join(
    resolve(process.env['STASIS_HOME'] || join(checkout, '.stasis')),
    'nodes',
    process.env['STASIS_NODE'] || hostname().toLowerCase(),
    'ns.pid',
  );

/** What to put before a command so that it runs in the keeper's namespaces. */
export const enterKeeper = (pid: number): string[] => [
  'nsenter',
  '-t',
  String(pid),
  '-U',
  '-m',
  '-p',
  '--preserve-credentials',
  `--wd=${process.cwd()}`,
];

/**
 * The host pid of the keeper, started if absent. Idempotent; two processes that ask at once get the same one.
 * @throws StasisError RuntimeFailed when this machine does not allow user namespaces.
 */
export async function ensureKeeper(file: string): Promise<number> {
  makeDirectory(dirname(file));
  const lock = `${file}.lock`;
  const deadline = performance.now() + 2 * startTimeoutMs;
  for (;;) {
    const pid = readKeeper(file);
    if (pid !== undefined) return pid;
    if (takeLock(lock)) break;
    if (performance.now() > deadline)
      throw new StasisError('RuntimeFailed', `another process holds ${lock}, but no keeper has appeared`, {
        next: `Remove ${lock} if no Stasis process runs.`,
      });
    await sleep(20);
  }
  try {
    return readKeeper(file) ?? (await startKeeper(file));
  } finally {
    rmSync(lock, { force: true });
  }
}

function makeDirectory(directory: string): void {
  try {
    mkdirSync(directory, { recursive: true });
  } catch (error) {
    throw new StasisError('RuntimeFailed', `cannot note the keeper of the user namespace: ${messageOf(error)}`, {
      next: 'Set STASIS_HOME to a directory that you may write to.',
      cause: error,
    });
  }
}

function readKeeper(file: string): number | undefined {
  if (!existsSync(file)) return undefined;
  const [pid, startTicks] = readFileSync(file, 'utf8').trim().split(' ');
  return startTicks !== undefined && isSameProcess(Number(pid), startTicks) ? Number(pid) : undefined;
}

/** The lock names its holder, so that one left by a crash is taken over. */
function takeLock(lock: string): boolean {
  try {
    writeFileSync(lock, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  const holder = existsSync(lock) ? Number(readFileSync(lock, 'utf8')) : 0;
  if (holder > 0 && processFacts(holder) === undefined) rmSync(lock, { force: true });
  return false;
}

async function startKeeper(file: string): Promise<number> {
  const outer = spawn('unshare', keeperArgv, { detached: true, stdio: 'ignore', cwd: '/' });
  const failed = new Promise<never>((_, reject) => {
    const refuse = (why: string): void =>
      reject(
        new StasisError('RuntimeFailed', `cannot make a user namespace: unshare ${why}`, {
          next: 'Run as root, or allow unprivileged user namespaces (sysctl kernel.unprivileged_userns_clone, user.max_user_namespaces).',
        }),
      );
    outer.once('error', (error) => refuse(error.message));
    outer.once('exit', (code) => refuse(`ended with ${code}`));
  });
  let inner: number | undefined;
  const started = waitUntil(() => (inner = sleepingChild(outer.pid ?? 0)) !== undefined, startTimeoutMs);
  await Promise.race([started, failed]);
  const facts = inner === undefined ? undefined : processFacts(inner);
  if (inner === undefined || facts === undefined)
    throw new StasisError(
      'RuntimeTimeout',
      `the keeper of the user namespace did not start within ${startTimeoutMs} ms`,
    );
  outer.removeAllListeners();
  outer.unref();
  writeFileSync(`${file}.new`, `${inner} ${facts.startTicks}\n`);
  renameSync(`${file}.new`, file);
  return inner;
}

/** The child of `unshare`, once it has become the sleeper: from then on /proc is mounted inside. */
function sleepingChild(pid: number): number | undefined {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ');
    return children.map(Number).find((child) => child > 0 && commandLine(child)[0] === 'sleep');
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

/**
 * The pid on this side of a process that has `inside` in the keeper's pid namespace (`NSpid` of proc(5)); without a
 * keeper they are the same. `undefined` when there is none.
 */
export function hostPid(keeperPid: number | undefined, inside: number): number | undefined {
  if (keeperPid === undefined) return inside;
  const depth = namespacePids(keeperPid).length - 1;
  return readdirSync('/proc')
    .filter((name) => /^\d+$/u.test(name))
    .map(Number)
    .find((pid) => namespacePids(pid)[depth] === inside && isWithin(pid, pidNamespace(keeperPid)));
}

const statusField = (pid: number, name: string): string[] => {
  try {
    const line = new RegExp(`^${name}:\\s*(.*)$`, 'mu').exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
    return line?.[1]?.split(/\s+/u) ?? [];
  } catch (error) {
    if (isGone(error)) return [];
    throw error;
  }
};
const namespacePids = (pid: number): number[] => statusField(pid, 'NSpid').map(Number);

/** Whether a process, or one that it descends from, is in a pid namespace; a sandbox has one of its own below it. */
function isWithin(pid: number, namespace: string | undefined): boolean {
  if (namespace === undefined) return false;
  for (let at = pid; at > 1; at = Number(statusField(at, 'PPid')[0] ?? 0))
    if (pidNamespace(at) === namespace) return true;
  return false;
}

/** `pid:[inode]`; absent when the process is gone or another user's. */
function pidNamespace(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/pid`);
  } catch (error) {
    if (isGone(error) || (error as NodeJS.ErrnoException).code === 'EACCES') return undefined;
    throw error;
  }
}
