import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const checkout = path.resolve(import.meta.dirname, '../..');

/** A bundle over the host's root, read-only, with a tmpfs on /tmp: any installed program runs without making a root. */
export function writeBundle(bundle: string, hostname: string, args: readonly string[]): string {
  mkdirSync(bundle);
  const spec = {
    ociVersion: '1.0.2',
    process: { user: { uid: 0, gid: 0 }, args, env: ['PATH=/usr/bin:/bin'], cwd: '/' },
    root: { path: '/', readonly: true },
    hostname,
    mounts: [
      { destination: '/proc', type: 'proc', source: 'proc' },
      ...(checkout.startsWith('/tmp/') ? [] : [{ destination: '/tmp', type: 'tmpfs', source: 'tmpfs' }]),
    ],
    linux: { namespaces: [{ type: 'pid' }, { type: 'mount' }, { type: 'ipc' }, { type: 'uts' }] },
  };
  writeFileSync(path.join(bundle, 'config.json'), JSON.stringify(spec));
  return bundle;
}
