import { domainEventOf, type EventData, type RecordedEvent } from '@stasis/events';
import type { AgentKind } from './decide.ts';
import { evolveNodeKeys, type NodeKey } from './keys.ts';

export interface AgentView {
  readonly instance: string;
  readonly partition: number;
  readonly joinedAt: string;
  readonly status: 'joined' | 'lost';
  readonly lostAt?: string;
}

/** A node as `GET /v1/nodes` shows it. Signs of life are not in the ledger; the api adds `lastSeen` when it answers. */
export interface NodeView {
  /** The node's name. */
  readonly id: string;
  readonly ledger: string;
  readonly agents: Readonly<Partial<Record<AgentKind, AgentView>>>;
  readonly runtime?: EventData<'node.joined'>['runtime'];
  readonly kernel?: string;
  readonly architecture?: string;
  readonly cpuModel?: string;
  readonly cpuFeatures: readonly string[];
  /** Keys that its facts are signed with, oldest first. */
  readonly keys: readonly NodeKey[];
  readonly position: number;
}

export function projectNode(view: NodeView | undefined, recorded: RecordedEvent): NodeView {
  const { event, position } = recorded;
  const none: NodeView = { id: event.subject, ledger: event.ledger, agents: {}, cpuFeatures: [], keys: [], position };
  // A row that an earlier version of Stasis wrote has no keys.
  const base: NodeView = { ...none, ...view };
  const { key, data } = domainEventOf(event);
  switch (key) {
    case 'node.joined': {
      const { agent, instance, partition, runtime, kernel, architecture, cpuModel, cpuFeatures } = data;
      const joined: AgentView = { instance, partition, joinedAt: event.time, status: 'joined' };
      const agents = { ...base.agents, [agent]: joined };
      return { ...base, agents, runtime, kernel, architecture, cpuModel, cpuFeatures, position };
    }
    case 'node.changed':
      return { ...base, runtime: data.runtime, kernel: data.kernel, cpuFeatures: data.cpuFeatures, position };
    case 'node.lost': {
      const agent = base.agents[data.agent];
      if (agent === undefined) return { ...base, position };
      return {
        ...base,
        agents: { ...base.agents, [data.agent]: { ...agent, status: 'lost', lostAt: event.time } },
        position,
      };
    }
    case 'node.enrolled':
    case 'node.rekeyed':
      return { ...base, keys: evolveNodeKeys(base.keys, recorded), position };
    default:
      return { ...base, position };
  }
}
