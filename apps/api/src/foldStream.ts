import { domainEventOf, type DomainEvent, type RecordedEvent } from '@stasis/events';
import { projectCheckpoint, projectContainer, projectRestore } from '@stasis/lifecycle';
import type { CheckpointView, ContainerView, RestoreView } from '@stasis/lifecycle';

type Stream = readonly RecordedEvent[];

/** A decider's state from the events of one stream. */
export const stateOf = <State>(
  stream: Stream,
  none: State,
  evolve: (state: State, event: DomainEvent, eventId: string) => State,
): State => stream.reduce((state, { event }) => evolve(state, domainEventOf(event), event.id), none);

const viewOf =
  <View>(project: (view: View | undefined, recorded: RecordedEvent) => View) =>
  (stream: Stream): View | undefined =>
    stream.reduce<View | undefined>(project, undefined);

/** The views as the read model has them; undefined for an empty stream. */
export const checkpointOf: (stream: Stream) => CheckpointView | undefined = viewOf(projectCheckpoint);
export const restoreOf: (stream: Stream) => RestoreView | undefined = viewOf(projectRestore);
export const containerOf: (stream: Stream) => ContainerView | undefined = viewOf(projectContainer);
