import type { AgentParts, JournaledRequest, StepChange } from '@stasis/agent';
import { parseRef } from '@stasis/container';
import { isEvent, type Cause, type EventData, type EventKey, type StasisEvent } from '@stasis/events';

/** One restore on its way. */
export interface RestoreJob {
  readonly parts: AgentParts;
  readonly event: StasisEvent;
  /** Restore id. */
  readonly id: string;
  readonly request: EventData<'restore.requested'>;
  readonly name: string;
  readonly attemptsBefore: number;
  fact<K extends EventKey>(key: K, data: EventData<K>): StasisEvent;
  reach(step: string, change: Omit<StepChange, 'step'>, ...facts: StasisEvent[]): Promise<void>;
  end(...facts: StasisEvent[]): Promise<void>;
  /** Ends it as refused; nothing was created. */
  refuse(reasons: readonly Cause[]): Promise<void>;
}

export function restoreJob(parts: AgentParts, journaled: JournaledRequest): RestoreJob {
  const { event } = journaled;
  if (!isEvent(event, 'restore.requested')) throw new Error(`${event.type} is no request for a restore`);
  const { journal } = parts;
  const once = (told: StasisEvent): string => `${event.id} ${told.type} ${told.subject}`;
  const fact: RestoreJob['fact'] = (key, data) => parts.fact(key, event.subject, data, { request: event });
  const end = (...facts: StasisEvent[]): Promise<void> =>
    journal.commit((tx) => {
      for (const told of facts) tx.fact(told, once(told));
      tx.end(event.id);
    });
  return {
    parts,
    event,
    id: event.subject,
    request: event.data,
    name: parseRef(event.data.container).id,
    attemptsBefore: journaled.attempt,
    fact,
    reach: (step, change, ...facts) =>
      journal.commit((tx) => {
        tx.step(event.id, { step, ...change });
        for (const told of facts) tx.fact(told, once(told));
      }),
    end,
    refuse: (reasons) => {
      parts.log(
        `${event.subject} refused: ${reasons.map(({ reason, message }) => `${reason}: ${message}`).join('; ')}`,
      );
      return end(fact('restore.refused', { reasons: [...reasons] }));
    },
  };
}
