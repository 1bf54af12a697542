import type { AuditEvent, AuditTrail, NodeShown, Verification } from '@stasis/api-contract';
import type { CheckpointView } from '../shapes.ts';
import type { OfflineVerdicts } from './offlineProof.ts';
import { nodes } from './options.ts';
import type { Refusal } from './refusal.ts';
import type { Story } from './story.ts';

/** What `stasis demo -o json` prints. */
export interface DemoReport {
  readonly bus: { readonly kind: string; readonly version: string };
  readonly runtime: { readonly name: string; readonly version: string };
  readonly nodes: readonly string[];
  readonly container: string;
  readonly checkpoints: readonly {
    readonly id: string;
    readonly phase: string;
    readonly freezeMs: number;
    /** Of the raw image. */
    readonly bytes: number;
    /** What the store had to write for it. */
    readonly bytesNew: number;
    readonly conditions: CheckpointView['conditions'];
  }[];
  readonly restore: { readonly id: string; readonly phase: string; readonly node: string };
  readonly continuity: {
    readonly secretBefore: string;
    readonly secretAfter: string;
    /** The last count that had been seen when the node began the second checkpoint. */
    readonly countAtCheckpoint: number;
    readonly firstCountAfter: number;
    readonly restarted: boolean;
  };
  readonly events: readonly { readonly position: number; readonly type: string; readonly subject: string }[];
  readonly ledger: { readonly size: number; readonly verified: boolean };
  /** An auditor's try to restore: the code it was refused with, and the event that says so. */
  readonly refusal: { readonly code: string; readonly event: string };
  /** The containers of the first one's story, and the events of it. */
  readonly trail: { readonly containers: readonly string[]; readonly events: readonly string[] };
  /** The restore's event, proven by a file and the ledger's key after the platform had stopped. */
  readonly proof: { readonly event: string; readonly verified: boolean; readonly forgedVerified: boolean };
}

export interface Findings {
  readonly bus: DemoReport['bus'];
  readonly node: NodeShown | undefined;
  readonly story: Story;
  readonly events: readonly AuditEvent[];
  readonly verification: Verification;
  readonly refusal: Refusal;
  readonly trail: AuditTrail;
  readonly offline: OfflineVerdicts;
  /** The newest tree head was opened with the api's key. */
  readonly signed: boolean;
}

export const reportOf = (findings: Findings): DemoReport => {
  const { bus, node, story, events, verification, signed, refusal, trail, offline } = findings;
  const secretBefore = story.before.at(-1)?.secret ?? '';
  const firstAfter = story.after[0];
  const secretAfter = firstAfter?.secret ?? '';
  const firstCountAfter = firstAfter?.count ?? 0;
  return {
    bus,
    runtime: { name: node?.runtime?.name ?? 'unknown', version: node?.runtime?.version ?? 'unknown' },
    nodes,
    container: story.container,
    checkpoints: story.checkpoints.map(({ id, phase, freezeMs = 0, bytes = 0, bytesNew = 0, conditions }) => ({
      ...{ id, phase, freezeMs, bytes, bytesNew, conditions },
    })),
    restore: { id: story.restore.id, phase: story.restore.phase, node: story.restore.node },
    continuity: {
      secretBefore,
      secretAfter,
      countAtCheckpoint: story.countAtCheckpoint,
      firstCountAfter,
      restarted: secretAfter !== secretBefore || firstCountAfter <= story.countAtCheckpoint,
    },
    events: events.map(({ position, type, subject }) => ({ position, type, subject })),
    ledger: { size: verification.size, verified: verification.verified && signed },
    refusal: { code: refusal.code ?? 'none', event: refusal.recorded?.id ?? 'none' },
    trail: { containers: trail.containers, events: trail.items.map(({ event }) => event.id) },
    proof: {
      event: provenEvent(offline),
      verified: offline.proof.holds,
      forgedVerified: offline.forged.holds,
    },
  };
};

/** The id of the event that the proof is of, as the file says. */
export const provenEvent = ({ proof }: OfflineVerdicts): string => {
  const { id } = Object(proof.event) as { id?: unknown };
  return typeof id === 'string' ? id : 'none';
};
