// Runs the `stasis` command as people do, in a temp directory of its own.
import { spawn, type ChildProcess } from 'node:child_process';
import { accessSync, chmodSync, constants, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { removeHome } from '../../apps/cli/src/demo/home.ts';

const checkout = path.resolve(import.meta.dirname, '../..');
const bin = path.join(checkout, 'apps/cli/bin/stasis.mjs');

export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export interface Running {
  readonly child: ChildProcess;
  /** Resolves with what its stdout has matched. @throws when it ends before. */
  until(pattern: RegExp): Promise<RegExpExecArray>;
  readonly ended: Promise<Ended>;
}

/** A temp directory that Postgres can enter as nobody; `remove` ends what still runs for it. */
export const makeTemp = (name: string): { dir: string; remove: () => Promise<void> } => {
  const dir = mkdtempSync(path.join(tmpdir(), `stasis-${name}-`));
  chmodSync(dir, 0o755);
  return { dir, remove: () => removeHome(dir) };
};

export const startStasis = (words: readonly string[], env: Readonly<Record<string, string>>): Running => {
  const { STASIS_SERVER: _server, STASIS_TOKEN: _token, ...inherited } = process.env;
  const child = spawn(process.execPath, [bin, ...words], { env: { ...inherited, ...env } });
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk) => (out += chunk));
  child.stderr.on('data', (chunk) => (err += chunk));
  const ended = new Promise<Ended>((resolve) => child.on('close', (code) => resolve({ code, out, err })));
  const until = (pattern: RegExp): Promise<RegExpExecArray> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const match = pattern.exec(out);
        if (match !== null) resolve(match);
      };
      child.stdout.on('data', look);
      look();
      void ended.then(({ code }) => reject(new Error(`stasis ${words.join(' ')} ended with ${code}:\n${out}${err}`)));
    });
  return { child, until, ended };
};

export const stasis = (words: readonly string[], env: Readonly<Record<string, string>>): Promise<Ended> =>
  startStasis(words, env).ended;

const tools = path.resolve(process.env['STASIS_TOOLS'] || path.join(checkout, '.stasis'));

/** Why there is nothing to run containers with; undefined when there is, and under CI, where it must be. */
export const whyNoRunsc = (): string | undefined => {
  const file = process.env['STASIS_RUNSC'] || path.join(tools, 'bin/runsc');
  return isThere(file, constants.X_OK) ? undefined : `no runsc at ${file}: npm run setup fetches it`;
};

export const whyNoKafka = (): string | undefined =>
  process.env['KAFKA_BROKERS'] || isThere(path.join(tools, 'kafka/lib/.done'), constants.R_OK)
    ? undefined
    : 'no Kafka jars: npm run setup fetches them where Java 17 and Maven are';

const isThere = (file: string, mode: number): boolean => {
  if (process.env['CI'] === 'true') return true;
  try {
    accessSync(file, mode);
    return true;
  } catch {
    return false;
  }
};
