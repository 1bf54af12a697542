import type { DomainEvent, EventData } from '@stasis/events';

export type NodeEvent = Extract<DomainEvent, { key: `node.${string}` }>;
export type AgentKind = EventData<'node.joined'>['agent'];

export interface AgentState {
  readonly instance: string;
  readonly partition: number;
  readonly lost: boolean;
}
export type NodeState = Readonly<Partial<Record<AgentKind, AgentState>>>;

export const noNode: NodeState = {};

export function evolveNode(state: NodeState, event: DomainEvent): NodeState {
  switch (event.key) {
    case 'node.joined': {
      const { agent, instance, partition } = event.data;
      return { ...state, [agent]: { instance, partition, lost: false } };
    }
    case 'node.lost': {
      const agent = state[event.data.agent];
      return agent === undefined ? state : { ...state, [event.data.agent]: { ...agent, lost: true } };
    }
    default:
      return state;
  }
}

/** Facts: joined (once an instance, and again after it was lost), changed. */
export function recordNodeFact(
  state: NodeState,
  fact: Extract<NodeEvent, { key: 'node.joined' | 'node.changed' }>,
): NodeEvent[] {
  if (fact.key === 'node.changed') return [fact];
  const agent = state[fact.data.agent];
  return agent !== undefined && agent.instance === fact.data.instance && !agent.lost ? [] : [fact];
}

/** Decided by the recorder when signs of life stop. */
export function loseNode(state: NodeState, lost: EventData<'node.lost'>): NodeEvent[] {
  const agent = state[lost.agent];
  return agent === undefined || agent.lost ? [] : [{ key: 'node.lost', data: lost }];
}
