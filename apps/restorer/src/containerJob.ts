import { causeOf, requireJournalRoom, type AgentParts, type JournaledRequest } from '@stasis/agent';
import { parseRef } from '@stasis/container';
import { isStasisError, StasisError } from '@stasis/errors';
import { isEvent, type EventData, type StasisEvent } from '@stasis/events';
import type { ContainerRuntime, RuntimeContainer } from '@stasis/runtime';

/** A request to start, stop or remove on its way. */
export interface ContainerJob {
  readonly parts: AgentParts;
  readonly event: StasisEvent;
  readonly request: EventData<'container.requested'>;
  readonly name: string;
  /** An earlier life of the agent had begun it. */
  readonly isRecovered: boolean;
  /** Journals that the work begins; from here on it is not refused any more. */
  begin(): Promise<void>;
  end(...facts: StasisEvent[]): Promise<void>;
}

/** Runs one such request and ends it with exactly one answer. */
export async function performContainerJob(
  parts: AgentParts,
  journaled: JournaledRequest,
  verb: (job: ContainerJob) => Promise<void>,
): Promise<void> {
  const { event } = journaled;
  if (!isEvent(event, 'container.requested')) throw new Error(`${event.type} is no request about a container`);
  let begun = journaled.state === 'begun';
  const { journal, fact } = parts;
  const end = (...facts: StasisEvent[]): Promise<void> =>
    journal.commit((tx) => {
      for (const told of facts) tx.fact(told, `${event.id} ${told.type}`);
      tx.end(event.id);
    });
  const job: ContainerJob = {
    parts,
    event,
    request: event.data,
    name: parseRef(event.data.container).id,
    isRecovered: begun,
    begin: async () => {
      begun = true;
      await journal.commit((tx) => tx.step(event.id, { step: 'begun' }));
    },
    end,
  };
  try {
    if (!begun && Date.parse(event.data.deadline) <= Date.now())
      throw new StasisError('RuntimeTimeout', `the request's deadline ${event.data.deadline} has passed`);
    // A stop or a removal makes room rather than takes it.
    if (!begun && event.data.verb === 'start') requireJournalRoom(parts.config);
    await verb(job);
  } catch (error) {
    const cause = causeOf(error);
    parts.log(`${event.data.verb} ${job.name}: ${cause.reason}: ${cause.message}`);
    const key = begun ? 'container.failed' : 'container.refused';
    await end(fact(key, event.subject, { ...cause, request: event.id }, { request: event }));
  }
}

/** The container in whichever root of the node it is. */
export async function findContainer(
  parts: AgentParts,
  name: string,
): Promise<{ runtime: ContainerRuntime; container: RuntimeContainer } | undefined> {
  for (const runtime of parts.runtimes) {
    try {
      return { runtime, container: await runtime.load(name) };
    } catch (error) {
      if (!isStasisError(error) || error.code !== 'ContainerNotFound') throw error;
    }
  }
  return undefined;
}

type Started = EventData<'container.started'>;

/** What `container.started` says of a container that Stasis made. */
export const startedData = (
  parts: AgentParts,
  subject: string,
  made: RuntimeContainer,
  labels: Readonly<Record<string, string>> | undefined,
  origin: NonNullable<Started['origin']>,
): Started => ({
  container: subject,
  run: made.run,
  // It may have ended, or been paused, by the time it is looked at; discovery tells that on its own.
  status: made.status === 'creating' || made.status === 'gone' ? 'running' : made.status,
  runtime: parts.info.name,
  root: made.root,
  bundle: made.bundle,
  startedAt: new Date(made.createdAt).toISOString(),
  ...(labels && { labels: { ...labels } }),
  origin,
});
