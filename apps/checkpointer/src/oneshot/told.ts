import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Report } from '@stasis/agent/one-shot';
import type { ContainerStatus } from '@stasis/container';
import type { SealedImage } from '@stasis/image';
import type { CaptureResult, RuntimeContainer } from '@stasis/runtime';
import { warn } from '@stasis/runtime/command-line';
import type { CheckpointFlags } from './checkpointFlags.ts';

/** What the fleet is told of a one-shot checkpoint, one line a step. Without a fleet nobody is told. */
export interface Told {
  /** The fleet's id of it. */
  readonly checkpoint?: string;
  /** @throws StasisError AuditUnavailable, or OutcomeUnknown when the request has ended: then nothing may be begun */
  accepted(): Promise<void>;
  refused(error: unknown): void;
  captured(result: CaptureResult, attemptDir: string): void;
  sealed(image: SealedImage, durationMs: number): void;
  /** The image is in its place, and every byte of it was read back. */
  placed(image: SealedImage, imagePath: string, durationMs: number): void;
  failed(error: unknown, container: ContainerStatus | 'unknown'): void;
  /** Waits, but not for long, until the fleet has on record what was told. */
  recorded(): Promise<void>;
  /** The container ended with its image. */
  stopped(): void;
  ready(container: 'running' | 'stopped'): void;
  /** It was restored from its image under the same id. */
  restored(container: RuntimeContainer): void;
  settle(): Promise<void>;
}

const nobody: Told = {
  accepted: async () => {},
  refused: () => {},
  captured: () => {},
  sealed: () => {},
  placed: () => {},
  failed: () => {},
  recorded: async () => {},
  stopped: () => {},
  ready: () => {},
  restored: () => {},
  settle: async () => {},
};

/**
 * Puts the request on record with the fleet that STASIS_SERVER names, if any; its agents keep off the container from
 * here until `settle`. @throws StasisError AuditUnavailable or what the api refuses it for; nothing was done then
 */
export async function tellFleet(container: RuntimeContainer, flags: CheckpointFlags, imagePath: string): Promise<Told> {
  if (!process.env['STASIS_SERVER']) return nobody;
  const { openFleet, causeOf, isTmpfs, seenData } = await import('@stasis/agent/one-shot');
  const fleet = await openFleet(warn);
  if (fleet === undefined) return nobody;
  const { leaveRunning } = flags;
  const ref = fleet.refOf(container.id);
  const letAgentsOn = await fleet.keepAgentsOff(container.id);
  let report: Report;
  try {
    await fleet.introduce(container);
    const body = { container: ref, leaveRunning, imagePath };
    const view = await fleet.ask(() => fleet.client.requestCheckpoint({ body }));
    fleet.requireOpen(view);
    report = fleet.report(view.id);
  } catch (error) {
    letAgentsOn();
    throw error;
  }
  const { tell } = report;
  return {
    checkpoint: report.subject,
    accepted: () => report.confirm('checkpoint.accepted', { attempt: 1 }),
    refused: (error) => tell('checkpoint.refused', causeOf(error)),
    captured: ({ freezeMs, containerStatus }, dir) => {
      const files = filesOf(dir);
      tell('checkpoint.captured', {
        files,
        bytes: files.reduce((sum, { size }) => sum + size, 0),
        freezeMs: Math.round(freezeMs * 1000) / 1000,
        staging: isTmpfs(dir) ? 'tmpfs' : 'disk',
        container: words(containerStatus),
      });
    },
    sealed: ({ manifestDigest, bytes, manifest: { runtime } }, durationMs) =>
      tell('checkpoint.sealed', { manifestDigest, bytes, runtime, durationMs }),
    placed: ({ manifestDigest, bytes }, place, durationMs) => {
      const store = pathToFileURL(place).href;
      tell('checkpoint.stored', { store, bytesNew: bytes, bytesShared: 0, durationMs: 0 });
      tell('checkpoint.verified', { manifestDigest, bytes, durationMs });
    },
    failed: (error, status) =>
      tell('checkpoint.failed', { ...causeOf(error), container: status === 'unknown' ? status : words(status) }),
    recorded: async () => void (await report.recorded()),
    stopped: () => tell('container.stopped', { container: ref, run: container.run, why: 'checkpointed' }, ref),
    ready: (status) => tell('checkpoint.ready', { container: status }),
    restored: (made) => {
      const origin = { kind: 'restore', checkpoint: report.subject } as const;
      tell('container.started', { ...seenData(ref, made), origin }, ref);
    },
    settle: async () => {
      await report.settle();
      letAgentsOn();
    },
  };
}

const words = (status: ContainerStatus): 'running' | 'paused' | 'stopped' =>
  status === 'stopped' || status === 'gone' ? 'stopped' : status === 'paused' ? 'paused' : 'running';

/** What the runtime wrote. */
const filesOf = (dir: string): { name: string; size: number }[] =>
  readdirSync(dir)
    .filter((name) => name.endsWith('.img'))
    .toSorted()
    .map((name) => ({ name, size: statSync(join(dir, name)).size }));
