import { allows, refusal, statusTable } from '@stasis/container';
import type { Cause, DomainEvent, EventData } from '@stasis/events';
import type { ContainerState } from './state.ts';

export type ContainerEvent = Extract<DomainEvent, { key: `container.${string}` }>;

export const containerFactKeys = [
  'container.discovered',
  'container.started',
  'container.stopped',
  'container.paused',
  'container.resumed',
  'container.gone',
  'container.refused',
  'container.failed',
] as const;
export type ContainerFact = Extract<DomainEvent, { key: (typeof containerFactKeys)[number] }>;

export interface RequestOfContainer {
  /** Id that the `container.requested` event will have. */
  readonly eventId: string;
  readonly request: EventData<'container.requested'>;
  readonly nodeIsLost: boolean;
}

/** Start, stop or remove. What cannot work is recorded and refused in one decision. */
export function requestOfContainer(command: RequestOfContainer, state: ContainerState): ContainerEvent[] {
  const requested: ContainerEvent = { key: 'container.requested', data: command.request };
  const objection = objectionTo(command, state);
  if (objection === undefined) return [requested];
  return [requested, { key: 'container.refused', data: { ...objection, request: command.eventId } }];
}

function objectionTo({ request, nodeIsLost }: RequestOfContainer, state: ContainerState): Cause | undefined {
  const id = request.container.slice(request.container.indexOf('/') + 1);
  if (nodeIsLost) return { reason: 'NodeLost', message: `node "${request.node}" has stopped answering` };
  if (request.verb === 'start') {
    if (statusTable[state.status].nameIsFree) return undefined;
    return { reason: 'NameTaken', message: `container "${request.container}" exists and is ${state.status}` };
  }
  if (allows(state.status, request.verb) || (request.verb === 'remove' && statusTable[state.status].isAlive))
    return undefined;
  return { reason: 'ContainerNotRunning', message: refusal(request.verb, id, state.status) };
}

/** A fact that the ledger already has, or that speaks of an earlier run, adds nothing unless it answers a request. */
export function recordContainerFact(state: ContainerState, fact: ContainerFact): ContainerEvent[] {
  switch (fact.key) {
    case 'container.discovered':
      return state.run === fact.data.run ? [] : [fact];
    case 'container.started':
      return state.startedRun === fact.data.run ? [] : [fact];
    case 'container.stopped':
      return (state.run === fact.data.run && statusTable[state.status].isAlive) || isOpen(state, fact.data.request)
        ? [fact]
        : [];
    case 'container.paused':
      return state.run === fact.data.run && state.status === 'running' ? [fact] : [];
    case 'container.resumed':
      return state.run === fact.data.run && state.status === 'paused' ? [fact] : [];
    case 'container.gone':
      return (state.run === fact.data.run && state.status !== 'gone') || isOpen(state, fact.data.request) ? [fact] : [];
    default:
      return isOpen(state, fact.data.request) ? [fact] : [];
  }
}

/** The recorder's own end for a request that passed its deadline. */
export function voidContainerRequest(state: ContainerState, request: string, cause: Cause): ContainerEvent[] {
  return isOpen(state, request) ? [{ key: 'container.failed', data: { ...cause, request } }] : [];
}

const isOpen = (state: ContainerState, request: string | undefined): boolean =>
  state.openRequests.some((open) => open.id === request);
