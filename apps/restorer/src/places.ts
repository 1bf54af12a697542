import { join } from 'node:path';
import { makePrivate, type AgentConfig } from '@stasis/agent';

/** What a container that Stasis started or restored has printed; the runtime opens it for appending, 0600. */
export const logFile = (config: AgentConfig, name: string): string =>
  join(makePrivate(join(config.nodeDir, 'logs')), `${name}.log`);
