import { StasisError } from '@stasis/errors';
import type { Cause, DomainEvent, EventData, ReasonInLeaf } from '@stasis/events';
import { openRestorePhases, type OpenRestorePhase, type RestoreState } from './state.ts';

export type RestoreEvent = Extract<DomainEvent, { key: `restore.${string}` }>;

export const restoreFactKeys = [
  'restore.accepted',
  'restore.refused',
  'restore.materialised',
  'restore.running',
  'restore.failed',
] as const;
export type RestoreFact = Extract<DomainEvent, { key: (typeof restoreFactKeys)[number] }>;

export interface RequestRestore {
  readonly request: EventData<'restore.requested'>;
  /** Everything the api can already tell against it; empty = the node decides. */
  readonly objections: readonly Cause[];
}

export function requestRestore(command: RequestRestore, state: RestoreState): RestoreEvent[] {
  if (state.status !== 'none') return [];
  const requested: RestoreEvent = { key: 'restore.requested', data: command.request };
  if (command.objections.length === 0) return [requested];
  return [requested, { key: 'restore.refused', data: { reasons: [...command.objections] } }];
}

/** Honoured before the node has begun. @throws StasisError TooLateToCancel afterwards. Idempotent. */
export function cancelRestore(state: RestoreState, reason: ReasonInLeaf | undefined): RestoreEvent[] {
  if (state.status === 'none') return [];
  if (state.status === 'ended') {
    if (state.outcome === 'canceled') return [];
    throw new StasisError('TooLateToCancel', `the restore has ended: ${state.outcome}`);
  }
  if (state.phase !== 'requested')
    throw new StasisError('TooLateToCancel', `the restore has begun: ${state.phase}`, { next: 'Wait for it to end.' });
  return [{ key: 'restore.canceled', data: { node: state.request.node, ...(reason && { reason }) } }];
}

export function voidRestore(state: RestoreState, cause: Cause): RestoreEvent[] {
  return state.status === 'open' ? [{ key: 'restore.voided', data: { ...cause, node: state.request.node } }] : [];
}

/** A container that runs although its restore had ended is said once, and flagged as a twin. */
export function recordRestoreFact(state: RestoreState, fact: RestoreFact, factId: string): RestoreEvent[] {
  if (state.status === 'none') return [];
  if (state.status === 'ended') {
    if (state.outcome === 'running' || fact.key !== 'restore.running' || state.reconciled.includes(fact.key)) return [];
    const message = `the restore had ended (${state.outcome}) when the node reported that its container runs`;
    return [{ key: 'restore.reconciled', data: { fact: factId, factType: fact.key, twin: true, message } }];
  }
  switch (fact.key) {
    case 'restore.failed':
    case 'restore.running':
      return [fact];
    case 'restore.refused':
      return state.phase === 'materialised' ? [{ key: 'restore.failed', data: fact.data.reasons[0]! }] : [fact];
    default:
      return rank(state.phase) < rank(fact.key.slice('restore.'.length) as OpenRestorePhase) ? [fact] : [];
  }
}

const rank = (phase: OpenRestorePhase): number => openRestorePhases.indexOf(phase);
