import path from 'node:path';
import { isNodeName } from '@stasis/container';
import { messageOf, StasisError } from '@stasis/errors';
import { parseWitnessKey, type Witness } from '@stasis/proof';
import { type OidcSettings, readOidcSettings } from './access/oidc/oidcSettings.ts';
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
  /** File of the keys that requests to nodes are signed with; several apis share it. */
  readonly signingKey: string;
  /** Where tree heads are copied to, outside the database. */
  readonly treeHeadsDirectory: string;
  /** Who may cosign tree heads. */
  readonly witnesses: readonly Witness[];
  /** Folder of the Cedar policies and their schema. */
  readonly policies: string;
  /** The identity provider whose tokens are believed; absent = none. */
  readonly oidc: OidcSettings | undefined;
  /** Files of the certificate and its key; with them the api speaks TLS and nothing else. */
  readonly tls: { readonly cert: string; readonly key: string } | undefined;
  /** Tokens cross the network in the clear, because somebody said so. */
  readonly insecureListen: boolean;
  /** Requests a second that one token, and one address, may send over time. */
  readonly requestsPerSecond: number;
  /** What one statement on the database may take. */
  readonly statementTimeoutMs: number;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** @throws StasisError ConfigInvalid naming the setting that is missing or wrong. */
export function readSettings(env: Environment): Settings {
  const { host, port } = readListen(env['STASIS_LISTEN'] || '127.0.0.1:7070');
  const home = path.resolve(env['STASIS_HOME'] || '.stasis');
  const tls = readTlsFiles(env);
  return {
    databaseUrl: readDatabaseUrl(env['DATABASE_URL']),
    host,
    signingKey: path.resolve(env['STASIS_SIGNING_KEY'] || path.join(home, 'signing.key')),
    port,
    home,
    expectedNodes: readNodes(env),
    allowHostCommands: env['STASIS_ALLOW_HOST_COMMANDS'] === '1',
    nodeLostAfterMs: readCount(env, 'STASIS_NODE_LOST_AFTER_MS', 30_000, 'milliseconds'),
    deadlineMs: readCount(env, 'STASIS_DEADLINE_MS', 15 * 60_000, 'milliseconds'),
    logLevel: env['STASIS_LOG_LEVEL'] || 'info',
    treeHeadsDirectory: path.resolve(env['STASIS_TREE_HEADS_DIR'] || path.join(home, 'tree-heads')),
    witnesses: readWitnesses(env['STASIS_WITNESS_KEYS'] ?? ''),
    policies: path.resolve(env['STASIS_POLICIES'] || shippedPolicies),
    oidc: readOidcSettings(env),
    tls,
    insecureListen: isInsecure(env, host, tls !== undefined),
    requestsPerSecond: readCount(env, 'STASIS_RATE_LIMIT', 1000, 'requests a second'),
    statementTimeoutMs: readCount(env, 'STASIS_STATEMENT_TIMEOUT_MS', 30_000, 'milliseconds'),
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

function readTlsFiles(env: Environment): Settings['tls'] {
  const { STASIS_TLS_CERT: cert, STASIS_TLS_KEY: key } = env;
  if (!cert && !key) return undefined;
  if (!cert || !key)
    throw invalid(`${cert ? 'STASIS_TLS_KEY' : 'STASIS_TLS_CERT'} is not set`, 'Set both, or neither.');
  return { cert: path.resolve(cert), key: path.resolve(key) };
}

const loopback = /^(localhost|127(\.[0-9]{1,3}){3}|::1)$/;

/** Whether tokens will cross a network in the clear. @throws StasisError ConfigInvalid unless that was asked for. */
function isInsecure(env: Environment, host: string, hasTls: boolean): boolean {
  if (hasTls || loopback.test(host)) return false;
  if (env['STASIS_INSECURE_LISTEN'] === '1') return true;
  throw invalid(
    `STASIS_LISTEN is "${host}", which others can reach, and there is no TLS: tokens would be sent in the clear`,
    'Set STASIS_TLS_CERT and STASIS_TLS_KEY, or STASIS_INSECURE_LISTEN=1 where something else encrypts.',
  );
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

function readCount(env: Environment, name: string, otherwise: number, unit: string): number {
  const text = env[name];
  if (text === undefined || text === '') return otherwise;
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1)
    throw invalid(`${name} is "${text}", not a whole number of ${unit}`, `Leave it out for ${otherwise}.`);
  return count;
}
