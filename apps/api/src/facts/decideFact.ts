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
 * new. The fact itself stays as the node signed it, with `recordedtime` and nothing else added. Where the recorder decides
 * something other than was told, the event is its own: source is the api, and nobody signed it.
 * @throws StasisError NotAuthorised when the resource belongs to another node.
 */
export function decideFact(fact: Fact, stream: readonly RecordedEvent[], recordedTime: string): readonly StasisEvent[] {
  if (stream.some(({ event }) => event.id === fact.event.id)) return [];
  const told = domainEventOf(fact.event);
  return decisionOf(fact, stream).map(({ key, data }, index) => {
    const own = { ...fact.event, recordedtime: recordedTime };
    if (key === told.key && data === told.data) return own;
    // The recorder's own words: the node did not sign them. The first keeps the fact's id, by which a second delivery
    // is known.
    const { nodesignature: _, nodekeyid: __, ...unsigned } = own;
    const further = index === 0 ? {} : { id: deriveEventId(fact.event.id, index), causationid: fact.event.id };
    return { ...unsigned, type: typeOf(key), data, source: '/stasis/api', ...further } as StasisEvent;
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
    case 'signature':
      return [domain];
    default: {
      const state = history.reduce((before, { domain: next }) => evolveNode(before, next), noNode);
      return recordNodeFact(state, domain as Parameters<typeof recordNodeFact>[1]);
    }
  }
}
