import type { ContainerStatus } from '@stasis/container';
import { domainEventOf, type EventData, type RecordedEvent } from '@stasis/events';
import { type ContainerState, evolveContainer, noContainer } from './state.ts';

/** A container as `GET /v1/containers` shows it. */
export interface ContainerView {
  /** `<node>/<name>`. */
  readonly id: string;
  readonly ledger: string;
  readonly node: string;
  readonly name: string;
  readonly status: ContainerStatus;
  readonly generation: number;
  readonly run?: string;
  readonly runtime?: string;
  readonly root?: string;
  readonly bundle?: string;
  readonly startedAt?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly origin?: EventData<'container.started'>['origin'];
  /** Requests without an answer yet. */
  readonly openRequests: ContainerState['openRequests'];
  /** The last request that did not work, with why. */
  readonly lastFailure?: {
    readonly request: string;
    readonly reason: string;
    readonly message: string;
    readonly at: string;
  };
  readonly deadline?: string;
  readonly startedRun?: string;
  readonly position: number;
}

export function projectContainer(view: ContainerView | undefined, recorded: RecordedEvent): ContainerView {
  const { event, position } = recorded;
  const slash = event.subject.indexOf('/');
  const base: ContainerView = view ?? {
    id: event.subject,
    ledger: event.ledger,
    node: event.subject.slice(0, slash),
    name: event.subject.slice(slash + 1),
    status: noContainer.status,
    generation: noContainer.generation,
    labels: {},
    openRequests: [],
    position,
  };
  const domain = domainEventOf(event);
  const state = evolveContainer({ ...base, run: base.run, startedRun: base.startedRun }, domain, event.id);
  const next: ContainerView = {
    ...base,
    status: state.status,
    generation: state.generation,
    openRequests: state.openRequests,
    ...(state.run !== undefined && { run: state.run }),
    ...(state.startedRun !== undefined && { startedRun: state.startedRun }),
    position,
  };
  switch (domain.key) {
    case 'container.requested':
      return { ...next, deadline: domain.data.deadline };
    case 'container.discovered':
    case 'container.started': {
      const { runtime, root, bundle, startedAt, labels, origin } = domain.data;
      return { ...next, runtime, root, bundle, startedAt, labels: labels ?? next.labels, ...(origin && { origin }) };
    }
    case 'container.refused':
    case 'container.failed': {
      const { request, reason, message } = domain.data;
      return { ...next, lastFailure: { request, reason, message, at: event.time } };
    }
    default:
      return next;
  }
}
