import { domainEventOf, type EventData, type RecordedEvent } from '@stasis/events';
import { type Condition, withCondition } from '../conditions.ts';

export const restorePhases = [
  'Requested',
  'Accepted',
  'Materialised',
  'Running',
  'Failed',
  'Refused',
  'Canceled',
  'Voided',
] as const;
export type RestorePhase = (typeof restorePhases)[number];

/** A restore as `GET /v1/restores/:id` shows it. */
export interface RestoreView {
  readonly id: string;
  readonly ledger: string;
  readonly checkpoint: string;
  readonly node: string;
  readonly name: string;
  readonly container: string;
  /** Absent where the checkpoint has no image. */
  readonly manifestDigest?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly reason?: EventData<'restore.requested'>['reason'];
  readonly requestedBy: string;
  readonly requestedAt: string;
  readonly deadline: string;
  readonly endedAt?: string;
  readonly phase: RestorePhase;
  readonly conditions: readonly Condition[];
  /** Why it was refused, failed or voided. */
  readonly reasons: readonly { readonly reason: string; readonly message: string }[];
  readonly run?: string;
  readonly bytes?: number;
  readonly warnings?: readonly string[];
  /** A container runs although this restore did not end in Running. */
  readonly twin: boolean;
  readonly position: number;
  readonly requestedPosition: number;
}

const conditionsWith = (
  view: RestoreView,
  type: Condition['type'],
  at: string,
  message: string,
  reason: string = type,
): readonly Condition[] => withCondition(view.conditions, { type, status: 'True', reason, message, at });

export function projectRestore(view: RestoreView | undefined, recorded: RecordedEvent): RestoreView {
  const { event, position } = recorded;
  const { key, data } = domainEventOf(event);
  if (key === 'restore.requested') {
    const { checkpoint, node, name, container, manifestDigest, labels, reason, deadline } = data;
    return {
      id: event.subject,
      ledger: event.ledger,
      checkpoint,
      node,
      name,
      container,
      ...(manifestDigest !== undefined && { manifestDigest }),
      labels,
      ...(reason && { reason }),
      requestedBy: event.authid,
      requestedAt: event.time,
      deadline,
      phase: 'Requested',
      conditions: [],
      reasons: [],
      twin: false,
      position,
      requestedPosition: position,
    };
  }
  if (view === undefined) throw new Error(`restore ${event.subject}: ${key} at ${position} comes before its request`);
  return { ...apply(view, recorded), position };
}

function apply(view: RestoreView, { event }: RecordedEvent): RestoreView {
  const { key, data } = domainEventOf(event);
  const at = event.time;
  switch (key) {
    case 'restore.accepted':
      return { ...view, phase: 'Accepted', conditions: conditionsWith(view, 'Accepted', at, 'the node has begun') };
    case 'restore.materialised':
      return { ...view, phase: 'Materialised', bytes: data.bytes };
    case 'restore.running': {
      const { run, warnings } = data;
      const conditions = conditionsWith(view, 'Ready', at, 'the container runs', 'Running');
      return { ...view, phase: 'Running', endedAt: at, run, conditions, ...(warnings && { warnings }) };
    }
    case 'restore.refused': {
      const message = data.reasons.map((cause) => cause.message).join('; ');
      const conditions = conditionsWith(view, 'Refused', at, message, data.reasons[0]?.reason);
      return { ...view, phase: 'Refused', endedAt: at, reasons: data.reasons, conditions };
    }
    case 'restore.failed':
    case 'restore.voided': {
      const conditions = conditionsWith(view, 'Failed', at, data.message, data.reason);
      const reasons = [{ reason: data.reason, message: data.message }];
      return { ...view, phase: key === 'restore.failed' ? 'Failed' : 'Voided', endedAt: at, reasons, conditions };
    }
    case 'restore.canceled':
      return { ...view, phase: 'Canceled', endedAt: at };
    case 'restore.reconciled':
      return { ...view, twin: view.twin || data.twin };
    default:
      return view;
  }
}
