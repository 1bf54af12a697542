import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { checkout } from './places.ts';
import type { Stack } from './startStack.ts';
import type { ProcessSpec } from './supervise.ts';

export interface ServicePlan {
  readonly home: string;
  readonly url: string;
  readonly listen: string;
  readonly nodes: readonly string[];
  readonly runtime: string;
  readonly stack: Pick<Stack, 'bus' | 'kafkaBrokers' | 'own'>;
  /** Empty over Kafka: an agent then holds no database credentials. */
  readonly agentDatabaseUrl: string;
  /** Of the login that cannot change what the ledger holds. */
  readonly apiDatabaseUrl: string;
  /** STASIS_RUNSC, when the runtime is runsc. */
  readonly runsc: Readonly<Record<string, string>>;
}

const script = (app: string): string => path.join(checkout, 'apps', app, 'src/main.ts');

/** The runsc roots of a node: its own, and those that STASIS_RUNSC_ROOTS names (on the first node, which sees them). */
const rootsOf = (home: string, node: string, first: boolean): string => {
  const own = path.join(home, 'nodes', node, 'runsc');
  const others = first ? (process.env['STASIS_RUNSC_ROOTS'] ?? '') : '';
  return others === '' ? own : `${own}:${others}`;
};

/** What `stasis up` runs: the api, and per node a checkpointer and a restorer, with the settings of each. */
export const serviceSpecs = (plan: ServicePlan): readonly ProcessSpec[] => {
  const { home, url, stack, nodes } = plan;
  const shared = {
    STASIS_HOME: home,
    STASIS_SERVER: url,
    STASIS_BUS: stack.bus,
    STASIS_STORE: process.env['STASIS_STORE'] || pathToFileURL(path.join(home, 'store')).href,
    STASIS_RUNTIME: plan.runtime,
    STASIS_SUPERVISED: '1',
    ...(stack.kafkaBrokers === undefined ? {} : { KAFKA_BROKERS: stack.kafkaBrokers }),
    // Our own broker allows a session of half the usual length; another's may not.
    ...(stack.own.includes('kafka') ? { KAFKA_SESSION_TIMEOUT_MS: '3000' } : {}),
  };
  const api: ProcessSpec = {
    name: 'api',
    args: [script('api')],
    // STASIS_NODES: /readyz is 200 once these have joined.
    // STASIS_ALLOW_HOST_COMMANDS: only this one-machine default lets a request run a command over the host's root.
    env: {
      ...shared,
      DATABASE_URL: plan.apiDatabaseUrl,
      STASIS_LISTEN: plan.listen,
      STASIS_NODES: nodes.join(','),
      STASIS_ALLOW_HOST_COMMANDS: '1',
    },
  };
  const agents = nodes.flatMap((node, at) =>
    (['checkpointer', 'restorer'] as const).map((app): ProcessSpec => ({
      name: `${app}-${node}`,
      args: [script(app), 'agent'],
      env: {
        ...shared,
        ...plan.runsc,
        // Over Kafka an agent holds no database credentials.
        DATABASE_URL: plan.agentDatabaseUrl,
        STASIS_NODE: node,
        STASIS_RUNSC_ROOTS: rootsOf(home, node, at === 0),
      },
    })),
  );
  return [api, ...agents];
};
