import path from 'node:path';
import { isNodeName } from '@stasis/container';
import { messageOf, StasisError } from '@stasis/errors';
import { parseWitnessKey, type Witness } from '@stasis/proof';
import { shippedPolicies } from './access/loadPolicies.ts';

/** What the api is told by its environment. */
export interface Settings {
  readonly databaseUrl: string;
  readonly host: string;
  readonly port: number;
  readonly home: string;
  /** Nodes whose two agents must have joined before /readyz says yes. */
  readonly expectedNodes: readonly string[];
  /** A command over the host's root may be started: the one-machine default only. */
  readonly allowHostCommands: boolean;
  /** Milliseconds without a sign of life after which an agent is lost. */
  readonly nodeLostAfterMs: number;
  /** Milliseconds from a request to its end by the recorder, unless the request says another. */
  readonly deadlineMs: number;
  readonly logLevel: string;
  /** Where tree heads are copied to, outside the database. */
  readonly treeHeadsDirectory: string;
  /** Who may cosign tree heads. */
  readonly witnesses: readonly Witness[];
  /** Folder of the Cedar policies and their schema. */
  readonly policies: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** @throws StasisError ConfigInvalid naming the setting that is missing or wrong. */
export function readSettings(env: Environment): Settings {
  const { host, port } = readListen(env['STASIS_LISTEN'] || '127.0.0.1:7070');
  const home = path.resolve(env['STASIS_HOME'] || '.stasis');
  return {
    databaseUrl: readDatabaseUrl(env['DATABASE_URL']),
    host,
    port,
    home,
    expectedNodes: readNodes(env),
    allowHostCommands: env['STASIS_ALLOW_HOST_COMMANDS'] === '1',
    nodeLostAfterMs: readMs(env, 'STASIS_NODE_LOST_AFTER_MS', 30_000),
    deadlineMs: readMs(env, 'STASIS_DEADLINE_MS', 15 * 60_000),
    logLevel: env['STASIS_LOG_LEVEL'] || 'info',
    treeHeadsDirectory: path.resolve(env['STASIS_TREE_HEADS_DIR'] || path.join(home, 'tree-heads')),
    witnesses: readWitnesses(env['STASIS_WITNESS_KEYS'] ?? ''),
    policies: path.resolve(env['STASIS_POLICIES'] || shippedPolicies),
  };
}

const invalid = (message: string, next: string): StasisError => new StasisError('ConfigInvalid', message, { next });

function readDatabaseUrl(text: string | undefined): string {
  if (!text) throw invalid('DATABASE_URL is not set', 'Set it to postgresql://USER:PASSWORD@HOST:PORT/DATABASE.');
  if (!/^postgres(ql)?:\/\//.test(text))
    throw invalid(
      'DATABASE_URL is not a postgresql:// URL',
      'Set it to postgresql://USER:PASSWORD@HOST:PORT/DATABASE.',
    );
  return text;
}

function readListen(text: string): { host: string; port: number } {
  const [, bracketed, plain, digits] = /^(?:\[([0-9a-fA-F:]+)\]|([^:[\]]+)):([0-9]{1,5})$/.exec(text) ?? [];
  const host = bracketed ?? plain;
  const port = Number(digits);
  if (host === undefined || !(port <= 65_535))
    throw invalid(`STASIS_LISTEN is "${text}", not <host>:<port>`, 'Set it to, for instance, 127.0.0.1:7070.');
  return { host, port };
}

function readNodes(env: Environment): string[] {
  const nodes = (env['STASIS_NODES'] ?? '').split(',').map((node) => node.trim());
  const wrong = nodes.find((node) => node !== '' && !isNodeName(node));
  if (wrong !== undefined)
    throw invalid(`STASIS_NODES holds "${wrong}", which is not a node name`, 'Use lower-case labels.');
  return nodes.filter((node) => node !== '');
}

function readWitnesses(text: string): Witness[] {
  const keys = text.split(/[\s,]+/).filter((key) => key !== '');
  return keys.map((key) => {
    try {
      return parseWitnessKey(key);
    } catch (error) {
      throw invalid(
        `STASIS_WITNESS_KEYS holds "${key.slice(0, 80)}": ${messageOf(error)}`,
        'Set it to the keys that `stasis audit witness` prints, with commas between.',
      );
    }
  });
}

function readMs(env: Environment, name: string, otherwise: number): number {
  const text = env[name];
  if (text === undefined || text === '') return otherwise;
  const ms = Number(text);
  if (!Number.isInteger(ms) || ms < 1)
    throw invalid(`${name} is "${text}", not a number of milliseconds`, `Leave it out for ${otherwise}.`);
  return ms;
}
