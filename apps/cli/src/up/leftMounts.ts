import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';

/** Mounts below a directory as this process sees them, the deepest first. None where there is no /proc. */
export const mountsUnder = (directory: string): string[] => {
  if (process.platform !== 'linux') return [];
  return readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '')
    .filter((mount) => mount.startsWith(`${directory}/`))
    .toReversed();
};

export const unmount = async (mount: string): Promise<void> => void (await promisify(execFile)('umount', [mount]));

const hasContainers = (root: string): boolean => readdirSync(root).some((file) => file.endsWith('.state'));

/**
 * runsc (builds of 2026) binds an empty network namespace into its root directory, `null-netns`, and leaves it there,
 * so that the home cannot be removed. This takes it out of each root of the home that holds no container any more.
 * Without root the mount is in the node's own namespace and goes with it. Idempotent.
 *
 * @returns what was unmounted.
 */
export const unmountLeft = async (home: string): Promise<readonly string[]> => {
  const left = mountsUnder(path.join(home, 'nodes')).filter(
    (mount) => path.basename(mount) === 'null-netns' && !hasContainers(path.dirname(mount)),
  );
  for (const mount of left) await unmount(mount);
  return left;
};
