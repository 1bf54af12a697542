import {
  deriveEventId,
  domainEventOf,
  type DomainEvent,
  type RecordedEvent,
  type StasisEvent,
  typeOf,
} from '@stasis/events';
import {
  type CheckpointFact,
  type ContainerFact,
  evolveCheckpoint,
  evolveContainer,
  evolveNode,
  evolveRestore,
  noCheckpoint,
  noContainer,
  noNode,
  noRestore,
  recordCheckpointFact,
  recordContainerFact,
  recordNodeFact,
  recordRestoreFact,
  type RestoreFact,
} from '@stasis/lifecycle';
import { type Fact, foreign } from './readFact.ts';

/**
 * The events that a fact adds to its stream, with their envelopes; none for one that is recorded already or says nothing
 * new. The first keeps the fact's id, time and source; further ones get ids derived from it.
 * @throws StasisError NotAuthorised when the resource belongs to another node.
 */
export function decideFact(fact: Fact, stream: readonly RecordedEvent[], recordedTime: string): readonly StasisEvent[] {
  if (stream.some(({ event }) => event.id === fact.event.id)) return [];
  return decisionOf(fact, stream).map(({ key, data }, index) => {
    const own = { ...fact.event, type: typeOf(key), recordedtime: recordedTime, data };
    const further = { id: deriveEventId(fact.event.id, index), source: '/stasis/api', causationid: fact.event.id };
    return (index === 0 ? own : { ...own, ...further }) as StasisEvent;
  });
}

function decisionOf({ event, node }: Fact, stream: readonly RecordedEvent[]): readonly DomainEvent[] {
  const domain = domainEventOf(event);
  const history = stream.map((recorded) => ({ domain: domainEventOf(recorded.event), id: recorded.event.id }));
  const [noun] = domain.key.split('.');
  switch (noun) {
    case 'checkpoint': {
      const state = history.reduce((before, { domain: next }) => evolveCheckpoint(before, next), noCheckpoint);
      if (state.status !== 'none' && state.request.node !== node) throw foreign(event, node, state.request.container);
      return recordCheckpointFact(state, domain as CheckpointFact, event.id);
    }
    case 'restore': {
      const state = history.reduce((before, { domain: next }) => evolveRestore(before, next), noRestore);
      if (state.status !== 'none' && state.request.node !== node) throw foreign(event, node, state.request.container);
      return recordRestoreFact(state, domain as RestoreFact, event.id);
    }
    case 'container': {
      const state = history.reduce((before, { domain: next, id }) => evolveContainer(before, next, id), noContainer);
      return recordContainerFact(state, domain as ContainerFact);
    }
    default: {
      const state = history.reduce((before, { domain: next }) => evolveNode(before, next), noNode);
      return recordNodeFact(state, domain as Parameters<typeof recordNodeFact>[1]);
    }
  }
}
