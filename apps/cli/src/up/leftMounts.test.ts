import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { mountsUnder, unmount, unmountLeft } from './leftMounts.ts';

let home = '';
afterEach(async () => {
  for (const mount of mountsUnder(home)) await unmount(mount);
  rmSync(home, { recursive: true, force: true });
});

/** A root as runsc leaves it: a file with a network namespace bound over it. */
const makeRoot = (node: string): string => {
  const root = path.join(home, 'nodes', node, 'runsc');
  mkdirSync(root, { recursive: true });
  const mount = path.join(root, 'null-netns');
  writeFileSync(mount, '');
  execFileSync('mount', ['--bind', '/proc/self/ns/net', mount]);
  return root;
};

// Only root may mount here; without root there is no such mount outside the node's own namespace.
it.runIf(process.getuid?.() === 0)(
  'takes out what runsc left in a root without containers, and only there',
  async () => {
    home = mkdtempSync(path.join(tmpdir(), 'stasis-mounts-'));
    const empty = makeRoot('node-a');
    const used = makeRoot('node-b');
    writeFileSync(path.join(used, 'web-1_sandbox:web-1.state'), '{}');
    expect(await unmountLeft(home)).toEqual([path.join(empty, 'null-netns')]);
    expect(mountsUnder(home)).toEqual([path.join(used, 'null-netns')]);
    expect(await unmountLeft(home)).toEqual([]);
  },
);
