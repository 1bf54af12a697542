import { partitionOf, topics, type Bus } from '@stasis/bus';
import { newId, type EventData } from '@stasis/events';
import { hostFacts, type RuntimeInfo } from '@stasis/runtime';
import type { Journal } from './journal.ts';

export type AgentName = EventData<'node.joined'>['agent'];

export interface Identity {
  readonly node: string;
  readonly agent: AgentName;
  /** Differs at each start. */
  readonly instance: string;
  /** Opaque id of the agent in `authid`; kept in the journal, so that it stays over restarts. */
  readonly authid: string;
}

/** Who this agent is. The first start makes its `sub_` id. */
export async function identify(journal: Journal, node: string, agent: AgentName): Promise<Identity> {
  const kept = journal.setting('authid');
  const authid = kept ?? newId('sub');
  if (kept === undefined) await journal.commit((tx) => tx.setting('authid', authid));
  return { node, agent, instance: newId('sub'), authid };
}

/** The partition of `stasis.requests` where the node's requests go: both its agents and all their starts agree on it. */
export const partitionOfNode = async (bus: Bus, node: string): Promise<number> =>
  partitionOf(node, await bus.partitionsOf(topics.requests));

/** What `node.joined` says. */
export function joinedData(identity: Identity, partition: number, runtime: RuntimeInfo): EventData<'node.joined'> {
  const host = hostFacts();
  return {
    node: identity.node,
    agent: identity.agent,
    instance: identity.instance,
    partition,
    runtime: { name: runtime.name, version: runtime.version, platform: runtime.platform },
    kernel: host.kernel,
    architecture: host.architecture,
    cpuModel: host.cpuModel,
    cpuFeatures: [...host.cpuFeatures],
  };
}
