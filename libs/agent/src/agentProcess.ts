import { openBus } from '@stasis/bus';
import { isStasisError, messageOf } from '@stasis/errors';
import type { ContainerRuntime } from '@stasis/runtime';
import { openStore, plainWarning } from '@stasis/store';
import { readAgentConfig, type AgentConfig } from './agentConfig.ts';
import { ensureEnrolled, type EnrolOptions } from './enrolment.ts';
import type { Identity } from './identity.ts';
import { startAgent, type UseCases } from './startAgent.ts';

/**
 * Runs an agent as this process until SIGTERM or SIGINT, or, under STASIS_SUPERVISED=1, until the parent is gone. Ends
 * the process with 0 when it ended as asked, 2 when a setting is wrong (one line on stderr names it), else 1; what was
 * still under way then is carried on at the next start.
 */
export async function runAgentProcess(agent: Identity['agent'], useCases: UseCases): Promise<never> {
  process.exit(await run(agent, useCases));
}

async function run(agent: Identity['agent'], useCases: UseCases): Promise<number> {
  const write = (line: string): void => void process.stderr.write(`${agent}: ${line}\n`);
  try {
    const config = readAgentConfig();
    const log = (line: string): void =>
      write(`${config.node}: ${config.runtime === 'simulated' ? 'simulated: ' : ''}${line}`);
    const asked = endAsked();
    await ensureEnrolled({ ...config, ...enrolmentSettings(process.env), log });
    const [runtimes, store, bus] = await Promise.all([
      openRuntimes(config),
      openStore(config.store),
      openBus(process.env),
    ]);
    if (store.settings.plain) log(plainWarning);
    const running = await startAgent({ agent, config, bus, store, runtimes, useCases, log });
    log(`ready, ${running.parts.info.name} ${running.parts.info.version}, roots ${config.roots.join(' ')}`);
    log(`ending: ${await asked}`);
    await running.stop();
    await bus.close();
    return 0;
  } catch (error) {
    const next = isStasisError(error) && error.next !== undefined ? ` ${error.next}` : '';
    write(`${messageOf(error)}${next}`);
    return isStasisError(error) && error.code === 'ConfigInvalid' ? 2 : 1;
  }
}

/** The token, and the api that it is for; the client is loaded only when there is something to ask. */
const enrolmentSettings = (env: NodeJS.ProcessEnv): Pick<EnrolOptions, 'token' | 'enrol'> => {
  const { STASIS_ENROL_TOKEN: token, STASIS_SERVER: server = 'http://127.0.0.1:7070' } = env;
  return {
    ...(token && { token }),
    enrol: async (body) => {
      const { createClient } = await import('@stasis/api-contract');
      return createClient({ server }).enrolNode({ body });
    },
  };
};

/** One driver a root. @throws StasisError RuntimeFailed when there is no runsc or it does not run */
export async function openRuntimes(config: AgentConfig): Promise<[ContainerRuntime, ...ContainerRuntime[]]> {
  const open = await opener(config);
  const [first = '', ...others] = config.roots;
  return [await open(first), ...(await Promise.all(others.map(open)))];
}

async function opener(config: AgentConfig): Promise<(root: string) => Promise<ContainerRuntime>> {
  if (config.runtime === 'simulated') {
    const { createSimulated } = await import('@stasis/runtime/simulated');
    return async (root) => createSimulated({ root });
  }
  const { createRunsc, locateRunsc } = await import('@stasis/runtime/runsc');
  const binary = locateRunsc(config.runsc);
  return (root) => createRunsc({ binary, root, ...(config.runscFlags && { flags: config.runscFlags }) });
}

/** Resolves with why, once someone asks this process to end. */
function endAsked(): Promise<string> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve(signal));
    if (process.env['STASIS_SUPERVISED'] !== '1') return;
    const parent = process.ppid;
    setInterval(() => {
      if (process.ppid !== parent) resolve('the supervisor is gone');
    }, 200).unref();
  });
}
