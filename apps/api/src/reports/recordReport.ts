import { type AnswerOf, type FactTold, routes } from '@stasis/api-contract';
import { StasisError } from '@stasis/errors';
import { domainEventOf, keyOf, ledgerOf, parseEvent, type RecordedEvent, type StasisEvent } from '@stasis/events';
import { evolveCheckpoint, evolveRestore, noCheckpoint, noRestore } from '@stasis/lifecycle';
import type { Actor } from '../actor.ts';
import { decideFact } from '../facts/decideFact.ts';
import { type Fact, factIn } from '../facts/readFact.ts';
import { stateOf } from '../foldStream.ts';
import { type Call, implement, type Implemented } from '../http/implement.ts';
import type { Platform } from '../platform.ts';
import { appendDecided } from '../recordEvents.ts';
import { noteRecorded } from '../recordRequest.ts';

const route = routes.recordReport;

/**
 * POST /v1/reports: what a one-shot command has done on a node, in order. The same deciders as for the facts of agents
 * say what each adds. The events are attributed to the token, which must be allowed to speak for the node.
 */
export const recordReport = (platform: Platform): Implemented => implement(route, (call) => report(platform, call));

async function report(platform: Platform, call: Call<typeof route>): Promise<AnswerOf<typeof route>> {
  const { node, facts } = call.body;
  const read = facts.map((told) => factIn(eventOf(told, node, call.actor)));
  const items: AnswerOf<typeof route>['items'][number][] = [];
  for (const fact of read) items.push(await recordOne(platform, fact));
  return { items };
}

async function recordOne(platform: Platform, fact: Fact): Promise<AnswerOf<typeof route>['items'][number]> {
  const { ledger } = platform;
  const recorded = await appendDecided(ledger, fact.ledger, fact.stream, (stream) => {
    requireOneShot(fact, stream);
    const events = decideFact(fact, stream, new Date().toISOString());
    if (events.length === 0) return undefined;
    return { ledger: fact.ledger, stream: fact.stream, expectedVersion: stream.length, events };
  });
  noteRecorded(platform, recorded);
  const { id } = fact.event;
  const position = recorded.stream.find(({ event }) => event.id === id)?.position;
  return { id, ...(position !== undefined && { position }) };
}

/** Envelope and attribution are the api's: nobody reports in another's name. @throws StasisError EventMalformed */
function eventOf({ id, type, subject, time, data }: FactTold, node: string, actor: Actor): StasisEvent {
  const key = keyOf(type);
  if (key?.startsWith('node.') === true || key === 'signature.refused')
    throw new StasisError('EventMalformed', `${type} is for the agents of a node to report (${id})`);
  return parseEvent({
    specversion: '1.0',
    id,
    type,
    source: `/stasis/nodes/${node}`,
    subject,
    time,
    datacontenttype: 'application/json',
    ledger: key === undefined ? 'default' : ledgerOf(key),
    authtype: actor.authtype,
    authid: actor.authid,
    ...(actor.policyid !== undefined && { policyid: actor.policyid }),
    correlationid: subject.slice(0, 64),
    data,
  });
}

/** What an agent was asked to do, only that agent reports about. @throws StasisError NotAuthorised */
function requireOneShot({ event, node }: Fact, stream: readonly RecordedEvent[]): void {
  const { key } = domainEventOf(event);
  const state = key.startsWith('checkpoint.')
    ? stateOf(stream, noCheckpoint, evolveCheckpoint)
    : key.startsWith('restore.')
      ? stateOf(stream, noRestore, evolveRestore)
      : undefined;
  if (state === undefined || state.status === 'none' || state.request.imagePath !== undefined) return;
  throw new StasisError(
    'NotAuthorised',
    `${event.subject} is carried out by the agent of node "${node}", which reports`,
  );
}
