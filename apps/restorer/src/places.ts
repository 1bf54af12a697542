import { join } from 'node:path';
import { makePrivate, type AgentConfig } from '@stasis/agent';

/** Where a node keeps what it makes for a container. */
export const bundleDir = (config: AgentConfig, name: string): string => join(config.nodeDir, 'bundles', name);

/** What a container that Stasis started or restored has printed; the runtime opens it for appending, 0600. */
export const logFile = (config: AgentConfig, name: string): string =>
  join(makePrivate(join(config.nodeDir, 'logs')), `${name}.log`);
