import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import { isNodeName } from '@stasis/container';
import { StasisError } from '@stasis/errors';
import { checkout } from '@stasis/runtime/runsc';

/** Where a one-shot command reports to, and as which node. */
export interface FleetSettings {
  readonly server: string;
  readonly token: string | undefined;
  readonly node: string;
  /** `$STASIS_HOME/nodes/<node>`, shared with the agents of the node. */
  readonly nodeDir: string;
}

type Env = Readonly<Record<string, string | undefined>>;

/**
 * STASIS_SERVER says that there is a fleet to report to; the token is STASIS_TOKEN, else `$STASIS_HOME/admin.token`, as
 * for the CLI. @throws StasisError ConfigInvalid naming the variable
 */
export function fleetSettings(env: Env = process.env): FleetSettings | undefined {
  const given = env['STASIS_SERVER'];
  if (!given) return undefined;
  const server = (/^[a-z]+:\/\//u.test(given) ? given : `http://${given}`).replace(/\/+$/u, '');
  if (!URL.canParse(server) || !/^https?:/u.test(server))
    throw new StasisError('ConfigInvalid', `STASIS_SERVER is "${given}", not the address of an api`, {
      next: 'Give it as http://host:port, or leave it out to work without the fleet.',
    });
  const node = env['STASIS_NODE'] || hostname().toLowerCase();
  if (!isNodeName(node))
    throw new StasisError('ConfigInvalid', `STASIS_NODE: "${node}" is not a lower-case RFC 1123 name`);
  const home = resolve(env['STASIS_HOME'] || join(checkout, '.stasis'));
  return { server, token: env['STASIS_TOKEN'] || adminToken(home), node, nodeDir: join(home, 'nodes', node) };
}

function adminToken(home: string): string | undefined {
  try {
    return readFileSync(join(home, 'admin.token'), 'utf8').trim();
  } catch (error) {
    // Without one the api says itself what it wants.
    if (['ENOENT', 'EACCES'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}
