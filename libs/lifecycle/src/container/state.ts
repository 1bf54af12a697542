import type { ContainerStatus } from '@stasis/container';
import type { DomainEvent, EventData } from '@stasis/events';

export interface ContainerState {
  readonly status: ContainerStatus;
  /** Counts what ran under the id: 0 = nothing seen yet. */
  readonly generation: number;
  readonly run: string | undefined;
  /** Runs that a `started` is recorded for, newest last. */
  readonly startedRun: string | undefined;
  /** Requests (ids of their events) that have no answer yet. */
  readonly openRequests: readonly { readonly id: string; readonly verb: EventData<'container.requested'>['verb'] }[];
}

export const noContainer: ContainerState = {
  status: 'gone',
  generation: 0,
  run: undefined,
  startedRun: undefined,
  openRequests: [],
};

const answered = (state: ContainerState, request: string | undefined): ContainerState =>
  request === undefined ? state : { ...state, openRequests: state.openRequests.filter((open) => open.id !== request) };

/** @param eventId id of the event: names a request in its answers. */
export function evolveContainer(state: ContainerState, event: DomainEvent, eventId: string): ContainerState {
  switch (event.key) {
    case 'container.requested':
      return { ...state, openRequests: [...state.openRequests, { id: eventId, verb: event.data.verb }] };
    case 'container.refused':
    case 'container.failed':
      return answered(state, event.data.request);
    case 'container.discovered':
    case 'container.started': {
      const seen: ContainerState = {
        ...state,
        generation: state.run === event.data.run ? state.generation : state.generation + 1,
        run: event.data.run,
        startedRun: event.key === 'container.started' ? event.data.run : state.startedRun,
        status: event.data.status,
      };
      return answered(seen, event.data.origin?.request);
    }
    case 'container.stopped':
      return answered({ ...state, status: 'stopped' }, event.data.request);
    case 'container.paused':
      return { ...state, status: 'paused' };
    case 'container.resumed':
      return { ...state, status: 'running' };
    case 'container.gone':
      return answered({ ...state, status: 'gone' }, event.data.request);
    default:
      return state;
  }
}
