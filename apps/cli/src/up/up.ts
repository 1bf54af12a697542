import { mkdirSync, readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf, StasisError } from '@stasis/errors';
import { agentDatabaseUrl } from './agentDatabase.ts';
import { apiDatabaseUrl } from './apiDatabase.ts';
import type { BusKind } from './chooseBus.ts';
import { holdHome } from './holdHome.ts';
import { stasisHome, toolsHome } from './places.ts';
import { portFor } from './ports.ts';
import { serviceSpecs } from './serviceSpecs.ts';
import { startStack } from './startStack.ts';
import { stepTimer } from './stepTimer.ts';
import { supervise, type Supervised } from './supervise.ts';

export type RuntimeKind = 'runsc' | 'simulated';

export interface UpOptions {
  /** Else STASIS_HOME, else `.stasis` in the checkout. */
  readonly home?: string;
  /** `kafka` or `postgres`; else STASIS_BUS, else what this machine can run. */
  readonly bus?: string;
  /** One checkpointer and one restorer each; else STASIS_NODE, else the machine's name. */
  readonly nodes?: readonly string[];
  readonly runtime?: RuntimeKind;
  /** `host:port`; port 0 is a free one, kept for the next start. Else STASIS_LISTEN, else 127.0.0.1:7070. */
  readonly listen?: string;
  /** Told what is started, which bus was chosen and what had to be started again; one line each. */
  readonly say?: (line: string) => void;
  /** How long to wait for /readyz; 90 s unless told. */
  readonly readyMs?: number;
  /** Aborted while it is still starting: all that was started ends and the promise rejects. Has no effect later. */
  readonly signal?: AbortSignal;
}

export interface Up {
  /** The address of the api and the console. */
  readonly url: string;
  readonly token: string;
  /** The file that holds the admin token. */
  readonly tokenFile: string;
  readonly home: string;
  readonly nodes: readonly string[];
  readonly bus: BusKind;
  readonly why: string;
  readonly databaseUrl: string;
  readonly kafkaBrokers?: string;
  /** How often each service had to be started again. */
  restarts(): Readonly<Record<string, number>>;
  /** Ends every Stasis service, then Kafka and Postgres; containers go on. Idempotent. */
  stop(): Promise<void>;
}

/** The machine's name as a node's name: lower case letters, digits and hyphens. */
const machineName = (): string =>
  os
    .hostname()
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]+/g, '-')
    .replaceAll(/^-+|-+$/g, '') || 'node';

const listenAddress = async (home: string, listen: string): Promise<{ host: string; port: number }> => {
  const found = /^(.*):(\d{1,5})$/.exec(listen);
  const host = found?.[1] || '127.0.0.1';
  const port = Number(found?.[2] ?? NaN);
  if (found === null || port > 65_535)
    throw new StasisError('ConfigInvalid', `STASIS_LISTEN is "${listen}".`, { next: 'Use host:port.' });
  return { host, port: port === 0 ? await portFor(home, 'api') : port };
};

const runscOf = (runtime: RuntimeKind): Record<string, string> =>
  runtime === 'runsc' ? { STASIS_RUNSC: process.env['STASIS_RUNSC'] || path.join(toolsHome(), 'bin/runsc') } : {};

const isReady = async (url: string): Promise<string | true> => {
  try {
    const answer = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(2000) });
    return answer.status === 200 ? true : `${url}/readyz answered ${answer.status}: ${await answer.text()}`;
  } catch (error) {
    return `${url}/readyz: ${messageOf(error)}`;
  }
};

const waitReady = async (url: string, services: Supervised, options: UpOptions): Promise<void> => {
  const deadline = Date.now() + (options.readyMs ?? 90_000);
  for (;;) {
    options.signal?.throwIfAborted();
    const answer = await isReady(url);
    if (answer === true) return;
    const failing = Object.entries(services.restarts()).filter(([, count]) => count >= 5);
    if (Date.now() > deadline || failing.length > 0) {
      const logs = failing.map(([name]) => `\n${name} keeps ending; its log ends with:\n${services.logTail(name)}`);
      throw new StasisError('ServerUnreachable', `Stasis is not ready. ${answer}${logs.join('')}`, {
        next: 'The logs are in the home, under logs/; `stasis doctor` says what this machine lacks.',
      });
    }
    await sleep(100);
  }
};

/**
 * Starts all of Stasis on this machine and resolves once /readyz says so: Postgres and bus, the api, and for each node
 * a checkpointer and a restorer, each a process of its own that is started again when it dies and that ends when this
 * process does, however it does. One home has one of these at a time.
 *
 * @throws {StasisError} ConfigInvalid naming the setting; ServerUnreachable with the end of the log that says why.
 */
export const up = async (options: UpOptions = {}): Promise<Up> => {
  const home = path.resolve(options.home ?? stasisHome());
  const say = options.say ?? (() => undefined);
  const nodes = options.nodes ?? [process.env['STASIS_NODE'] || machineName()];
  const runtime = options.runtime ?? (process.env['STASIS_RUNTIME'] === 'simulated' ? 'simulated' : 'runsc');
  mkdirSync(home, { recursive: true });
  const release = holdHome(home);
  const undo: (() => Promise<void>)[] = [async () => release()];
  const stop = async (): Promise<void> => {
    for (let step = undo.pop(); step !== undefined; step = undo.pop()) await step();
  };
  let stopped: Promise<void> | undefined;
  const stopOnce = (): Promise<void> => (stopped ??= stop());
  try {
    const listen = options.listen ?? (process.env['STASIS_LISTEN'] || '127.0.0.1:7070');
    const { host, port } = await listenAddress(home, listen);
    const stack = await startStack({ home, say, ...(options.bus === undefined ? {} : { bus: options.bus }) });
    undo.push(() => stack.stop());
    options.signal?.throwIfAborted();
    say(`bus: ${stack.bus}, ${stack.why}`);
    const scheme = process.env['STASIS_TLS_CERT'] ? 'https' : 'http';
    const url = `${scheme}://${host === '0.0.0.0' ? '127.0.0.1' : host}:${port}`;
    const specs = serviceSpecs({
      home,
      url,
      listen: `${host}:${port}`,
      nodes,
      runtime,
      stack,
      // After the bus's login, which makes the bus's schema.
      agentDatabaseUrl: await agentDatabaseUrl(home, stack),
      apiDatabaseUrl: await apiDatabaseUrl(home, stack, say),
      runsc: runscOf(runtime),
    });
    const step = stepTimer(say);
    const services = await supervise(specs, { home, say });
    undo.push(() => services.stop());
    await waitReady(url, services, options);
    step('the api and the agents are ready');
    const tokenFile = path.join(home, 'admin.token');
    return {
      url,
      token: readFileSync(tokenFile, 'utf8').trim(),
      tokenFile,
      home,
      nodes,
      bus: stack.bus,
      why: stack.why,
      databaseUrl: stack.databaseUrl,
      ...(stack.kafkaBrokers === undefined ? {} : { kafkaBrokers: stack.kafkaBrokers }),
      restarts: () => services.restarts(),
      stop: stopOnce,
    };
  } catch (error) {
    await stopOnce();
    throw error;
  }
};
