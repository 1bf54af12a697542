import { domainEventOf, type EventData, type RecordedEvent } from '@stasis/events';
import { type Condition, withCondition } from '../conditions.ts';

export const checkpointPhases = [
  'Requested',
  'Accepted',
  'Captured',
  'Sealed',
  'Stored',
  'Verified',
  'Ready',
  'Failed',
  'Refused',
  'Canceled',
  'Voided',
  'Expired',
  'Deleted',
] as const;
export type CheckpointPhase = (typeof checkpointPhases)[number];

/** A checkpoint as `GET /v1/checkpoints/:id` shows it: a fold of its stream, kept as the projection row. */
export interface CheckpointView {
  readonly id: string;
  readonly ledger: string;
  /** `<node>/<id>` of the container. */
  readonly container: string;
  readonly node: string;
  readonly run: string;
  readonly generation: number;
  readonly leaveRunning: boolean;
  /** The one-shot command on the node keeps the image there; it is in no store. */
  readonly imagePath?: string;
  readonly labels: Readonly<Record<string, string>>;
  /** The leaf's form; the API adds the text while it exists. */
  readonly reason?: EventData<'checkpoint.requested'>['reason'];
  readonly requestedBy: string;
  readonly requestedAt: string;
  readonly deadline: string;
  readonly endedAt?: string;
  /** Derived from the conditions, for tables. Ready (the condition) is the one truth. */
  readonly phase: CheckpointPhase;
  readonly conditions: readonly Condition[];
  /** Wall time of the runtime's capture call, an upper bound of the freeze. */
  readonly freezeMs?: number;
  /** Size of the raw image. */
  readonly bytes?: number;
  readonly bytesNew?: number;
  readonly bytesShared?: number;
  readonly manifestDigest?: string;
  readonly runtime?: EventData<'checkpoint.sealed'>['runtime'];
  readonly store?: string;
  /** An image exists although the checkpoint did not end in Ready. */
  readonly adoptable: boolean;
  /** Position of the last event folded in. */
  readonly position: number;
  readonly requestedPosition: number;
}

const done = (
  view: CheckpointView,
  type: Condition['type'],
  at: string,
  message: string,
  reason: string = type,
): CheckpointView => ({
  ...view,
  conditions: withCondition(view.conditions, { type, status: 'True', reason, message, at }),
});

const ended = (
  view: CheckpointView,
  phase: CheckpointPhase,
  at: string,
  cause?: { reason: string; message: string },
): CheckpointView => {
  const notReady: Condition = {
    type: 'Ready',
    status: 'False',
    reason: cause?.reason ?? phase,
    message: cause?.message ?? phase,
    at,
  };
  return { ...view, phase, endedAt: at, conditions: withCondition(view.conditions, notReady) };
};

/** Folds one event of the stream into the view; pure, so that a rebuild gives identical rows. */
export function projectCheckpoint(view: CheckpointView | undefined, recorded: RecordedEvent): CheckpointView {
  const { event, position } = recorded;
  const { key, data } = domainEventOf(event);
  if (key === 'checkpoint.requested')
    return {
      id: event.subject,
      ledger: event.ledger,
      container: data.container,
      node: data.node,
      run: data.run,
      generation: data.generation,
      leaveRunning: data.leaveRunning,
      ...(data.imagePath !== undefined && { imagePath: data.imagePath }),
      labels: data.labels,
      ...(data.reason && { reason: data.reason }),
      requestedBy: event.authid,
      requestedAt: event.time,
      deadline: data.deadline,
      phase: 'Requested',
      conditions: [],
      adoptable: false,
      position,
      requestedPosition: position,
    };
  if (view === undefined)
    throw new Error(`checkpoint ${event.subject}: ${key} at ${position} comes before its request`);
  return { ...apply(view, recorded), position };
}

function apply(view: CheckpointView, { event }: RecordedEvent): CheckpointView {
  const { key, data } = domainEventOf(event);
  const at = event.time;
  switch (key) {
    case 'checkpoint.accepted':
      return { ...done(view, 'Accepted', at, 'the node has begun'), phase: 'Accepted' };
    case 'checkpoint.captured': {
      const message = `${data.files.length} files, ${data.bytes} bytes, frozen at most ${Math.round(data.freezeMs)} ms`;
      return { ...done(view, 'Captured', at, message), phase: 'Captured', freezeMs: data.freezeMs, bytes: data.bytes };
    }
    case 'checkpoint.sealed':
      return {
        ...view,
        phase: 'Sealed',
        manifestDigest: data.manifestDigest,
        runtime: data.runtime,
        bytes: data.bytes,
      };
    case 'checkpoint.stored': {
      const message = `${data.bytesNew} new and ${data.bytesShared} shared bytes`;
      const { bytesNew, bytesShared, store } = data;
      return { ...done(view, 'Stored', at, message), phase: 'Stored', bytesNew, bytesShared, store };
    }
    case 'checkpoint.verified':
      return { ...done(view, 'Verified', at, `${data.bytes} bytes read back and matched`), phase: 'Verified' };
    case 'checkpoint.ready':
      return { ...done(view, 'Ready', at, `the container is ${data.container}`), phase: 'Ready', endedAt: at };
    case 'checkpoint.refused':
      return ended(done(view, 'Refused', at, data.message, data.reason), 'Refused', at, data);
    case 'checkpoint.failed':
      return ended(done(view, 'Failed', at, data.message, data.reason), 'Failed', at, data);
    case 'checkpoint.voided':
      return ended(done(view, 'Failed', at, data.message, data.reason), 'Voided', at, data);
    case 'checkpoint.canceled':
      return ended(view, 'Canceled', at);
    case 'checkpoint.expired':
      return ended(view, 'Expired', at);
    case 'checkpoint.deleted':
      return ended(view, 'Deleted', at);
    case 'checkpoint.reconciled':
      return {
        ...view,
        adoptable: view.adoptable || data.image === 'exists',
        ...(data.manifestDigest !== undefined && { manifestDigest: data.manifestDigest }),
      };
    default:
      return view;
  }
}
