import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { nodeProgram } from '../up/places.ts';
import { megabytes } from './options.ts';

/** What is started: a command over the host's root, or a bundle of the demo's own. */
export type Program = { readonly command: string[] } | { readonly bundle: string };

const isHidden = (file: string): boolean => file.startsWith('/tmp/');

/**
 * The counting program on the Node that runs Stasis. A command over the host's root sees an empty /tmp; a checkout
 * below /tmp is therefore started from a bundle that binds the two files it needs, read-only.
 */
export const counterProgram = (home: string): Program => {
  const files = [nodeProgram(), path.join(import.meta.dirname, 'counter.mjs')] as const;
  const command = [...files, String(megabytes)];
  if (!files.some(isHidden)) return { command };
  const bundle = path.join(home, 'counter-bundle');
  mkdirSync(bundle, { mode: 0o700 });
  writeFileSync(path.join(bundle, 'config.json'), JSON.stringify(configOf(command, files), null, 2));
  return { bundle };
};

const configOf = (args: readonly string[], files: readonly string[]): object => ({
  ociVersion: '1.0.2',
  process: { terminal: false, user: { uid: 0, gid: 0 }, args, env: [], cwd: '/', noNewPrivileges: true },
  root: { path: '/', readonly: true },
  hostname: 'counter',
  mounts: [
    { destination: '/proc', type: 'proc', source: 'proc' },
    { destination: '/tmp', type: 'tmpfs', source: 'tmpfs' },
    ...files.map((file) => ({ destination: file, type: 'bind', source: file, options: ['bind', 'ro'] })),
  ],
  linux: { namespaces: ['pid', 'ipc', 'uts', 'mount', 'network'].map((type) => ({ type })) },
});
