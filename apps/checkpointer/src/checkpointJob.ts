import { readdirSync } from 'node:fs';
import { isStasisError } from '@stasis/errors';
import type { AgentParts, JournaledRequest, StepChange } from '@stasis/agent';
import { parseRef, type ContainerStatus } from '@stasis/container';
import { isEvent, type EventData, type EventKey, type StasisEvent } from '@stasis/events';
import type { ContainerRuntime, RuntimeContainer } from '@stasis/runtime';

/** What of an attempt must outlive the agent; journaled as the request's notes. */
export interface Attempt {
  readonly number: number;
  /** Holds the raw image; unique to the attempt. */
  readonly dir: string;
  readonly staging: 'tmpfs' | 'disk';
  /** Container root, and where its bundle is. */
  readonly root: string;
  readonly bundle: string;
  readonly after: 'resume' | 'pause' | 'stop';
  /** The container was paused by someone else before: it is left so. */
  readonly startedPaused: boolean;
  /** ISO 8601. */
  readonly begunAt: string;
}

/** One request on its way: who asks for what, and how steps and facts become durable. */
export interface CheckpointJob {
  readonly parts: AgentParts;
  readonly event: StasisEvent;
  /** Checkpoint id. */
  readonly id: string;
  readonly request: EventData<'checkpoint.requested'>;
  /** Name of the container on this node. */
  readonly name: string;
  /** Attempts before this one. */
  readonly attemptsBefore: number;
  /** A fact about the checkpoint. */
  fact<K extends EventKey>(key: K, data: EventData<K>): StasisEvent;
  /** Journals a step and its facts in one commit. */
  reach(step: string, change: Omit<StepChange, 'step'>, ...facts: StasisEvent[]): Promise<void>;
  /** Journals the last facts and ends the request. */
  end(facts: readonly StasisEvent[], removed?: { readonly root: string }): Promise<void>;
}

export function checkpointJob(parts: AgentParts, journaled: JournaledRequest): CheckpointJob {
  const { event } = journaled;
  if (!isEvent(event, 'checkpoint.requested')) throw new Error(`${event.type} is no request for a checkpoint`);
  const { journal, fact } = parts;
  // A step that is gone through again after a crash must not be told twice.
  const once = (told: StasisEvent): string => `${event.id} ${told.type} ${told.subject}`;
  return {
    parts,
    event,
    id: event.subject,
    request: event.data,
    name: parseRef(event.data.container).id,
    attemptsBefore: journaled.attempt,
    fact: (key, data) => fact(key, event.subject, data, { request: event }),
    reach: (step, change, ...facts) =>
      journal.commit((tx) => {
        tx.step(event.id, { step, ...change });
        for (const told of facts) tx.fact(told, once(told));
      }),
    end: (facts, removed) =>
      journal.commit((tx) => {
        for (const told of facts) tx.fact(told, once(told));
        if (removed !== undefined) tx.forgetContainer(removed.root, parseRef(event.data.container).id);
        tx.end(event.id);
      }),
  };
}

export function runtimeOf(job: CheckpointJob, root: string): ContainerRuntime {
  const found = job.parts.runtimes.find((runtime) => runtime.root === root);
  if (found === undefined) throw new Error(`the root ${root} is not among those of this node any more`);
  return found;
}

/** The container, if it is still the run that was asked for. */
export async function sourceOf(job: CheckpointJob, runtime: ContainerRuntime): Promise<RuntimeContainer | undefined> {
  try {
    const container = await runtime.load(job.name);
    return container.run === job.request.run ? container : undefined;
  } catch (error) {
    if (isStasisError(error) && error.code === 'ContainerNotFound') return undefined;
    throw error;
  }
}

/** A container's status in the words that checkpoint facts use. */
export const factStatus = (status: ContainerStatus): 'running' | 'paused' | 'stopped' =>
  status === 'stopped' || status === 'gone' ? 'stopped' : status === 'paused' ? 'paused' : 'running';

/** Whether anything was written into an attempt. */
export function hasFiles(dir: string): boolean {
  try {
    return readdirSync(dir).length > 0;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}
