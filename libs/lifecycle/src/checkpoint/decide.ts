import { refusal, allows, type ContainerStatus } from '@stasis/container';
import { StasisError } from '@stasis/errors';
import type { Cause, DomainEvent, EventData, ReasonInLeaf } from '@stasis/events';
import { openPhases, type CheckpointState, type OpenPhase } from './state.ts';

export type CheckpointEvent = Extract<DomainEvent, { key: `checkpoint.${string}` }>;

/** Facts that a node may report about a checkpoint. */
export const checkpointFactKeys = [
  'checkpoint.accepted',
  'checkpoint.refused',
  'checkpoint.captured',
  'checkpoint.sealed',
  'checkpoint.stored',
  'checkpoint.verified',
  'checkpoint.ready',
  'checkpoint.failed',
] as const;
export type CheckpointFact = Extract<DomainEvent, { key: (typeof checkpointFactKeys)[number] }>;

export interface RequestCheckpoint {
  readonly request: EventData<'checkpoint.requested'>;
  /** Status of the container as the read model has it. */
  readonly containerStatus: ContainerStatus;
  readonly nodeIsLost: boolean;
}

/** A request for a container that cannot be checkpointed is recorded and refused in one decision. */
export function requestCheckpoint(command: RequestCheckpoint, state: CheckpointState): CheckpointEvent[] {
  if (state.status !== 'none') return [];
  const requested: CheckpointEvent = { key: 'checkpoint.requested', data: command.request };
  const id = command.request.container.slice(command.request.container.indexOf('/') + 1);
  if (command.nodeIsLost)
    return [
      requested,
      refused({ reason: 'NodeLost', message: `node "${command.request.node}" has stopped answering` }),
    ];
  if (!allows(command.containerStatus, 'checkpoint'))
    return [
      requested,
      refused({ reason: 'ContainerNotRunning', message: refusal('checkpoint', id, command.containerStatus) }),
    ];
  return [requested];
}

/** Honoured before the capture starts. @throws StasisError TooLateToCancel afterwards. Idempotent. */
export function cancelCheckpoint(state: CheckpointState, reason: ReasonInLeaf | undefined): CheckpointEvent[] {
  if (state.status === 'none') return [];
  if (state.status === 'ended') {
    if (state.outcome === 'canceled') return [];
    throw new StasisError('TooLateToCancel', `the checkpoint has ended: ${state.outcome}`);
  }
  if (state.phase !== 'requested')
    throw new StasisError(
      'TooLateToCancel',
      `the checkpoint is past the point where it could be canceled: ${state.phase}`,
      {
        next: 'Wait for it to end.',
      },
    );
  return [{ key: 'checkpoint.canceled', data: { node: state.request.node, ...(reason && { reason }) } }];
}

/** The recorder's own end for a request whose outcome it can no longer learn in time. Nothing if it has ended. */
export function voidCheckpoint(state: CheckpointState, cause: Cause): CheckpointEvent[] {
  return state.status === 'open' ? [{ key: 'checkpoint.voided', data: { ...cause, node: state.request.node } }] : [];
}

/**
 * What a fact from the node adds to the ledger; docs/events.md prints this table. Facts of one node arrive in order; one
 * that is behind the phase is an old delivery and adds nothing. Ready needs Verified first.
 */
export function recordCheckpointFact(state: CheckpointState, fact: CheckpointFact, factId: string): CheckpointEvent[] {
  if (state.status === 'none') return [];
  if (state.status === 'ended') return reconcile(state, fact, factId);
  switch (fact.key) {
    case 'checkpoint.failed':
      return [fact];
    case 'checkpoint.refused':
      return rank(state.phase) < rank('captured')
        ? [fact]
        : [{ key: 'checkpoint.failed', data: { ...fact.data, container: 'unknown' } }];
    case 'checkpoint.ready':
      return state.phase === 'verified' ? [fact] : [];
    default:
      return rank(state.phase) < rank(phaseOf(fact)) ? [fact] : [];
  }
}

type LateFact = 'checkpoint.verified' | 'checkpoint.ready' | 'checkpoint.failed';

/** After the end only two things matter: an image exists, or the container was stopped. Each is said once. */
function reconcile(
  state: Extract<CheckpointState, { status: 'ended' }>,
  fact: CheckpointFact,
  factId: string,
): CheckpointEvent[] {
  if (state.outcome === 'ready' || !isLate(fact) || state.reconciled.includes(fact.key)) return [];
  if (fact.key === 'checkpoint.failed' && fact.data.container !== 'stopped') return [];
  const image = fact.key === 'checkpoint.failed' ? 'none' : 'exists';
  return [
    {
      key: 'checkpoint.reconciled',
      data: {
        node: state.request.node,
        fact: factId,
        factType: fact.key,
        image,
        ...(fact.key === 'checkpoint.verified' && { manifestDigest: fact.data.manifestDigest }),
        message: lateMessage(state.outcome, fact),
      },
    },
  ];
}

function lateMessage(outcome: string, fact: Extract<CheckpointFact, { key: LateFact }>): string {
  const after = `the checkpoint had ended (${outcome}) when the node reported that`;
  if (fact.key === 'checkpoint.verified') return `${after} its image is stored and verified`;
  if (fact.key === 'checkpoint.ready') return `${after} it finished and the container is ${fact.data.container}`;
  return `${after} the container is stopped`;
}

const isLate = (fact: CheckpointFact): fact is Extract<CheckpointFact, { key: LateFact }> =>
  fact.key === 'checkpoint.verified' || fact.key === 'checkpoint.ready' || fact.key === 'checkpoint.failed';

const rank = (phase: OpenPhase): number => openPhases.indexOf(phase);
const phaseOf = (fact: CheckpointFact): OpenPhase => fact.key.slice('checkpoint.'.length) as OpenPhase;
const refused = (data: Cause): CheckpointEvent => ({ key: 'checkpoint.refused', data });
