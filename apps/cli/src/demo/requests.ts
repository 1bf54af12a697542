import path from 'node:path';
import type { BodyOf, CheckpointDetail, RestoreDetail, routes } from '@stasis/api-contract';
import { settled } from '../containerRequest.ts';
import { failureOf } from '../failure.ts';
import type { Session } from '../session.ts';
import type { ContainerView } from '../shapes.ts';
import { nodeProgram } from '../up/places.ts';
import { waitUntil } from '../wait.ts';

/** How long one request may take, in milliseconds. */
export const stepMs = 60_000;

/** The command of a program that holds so many MB, and counts and says so once a period. */
export const counter = (megabytes: number, periodMs = 50): string[] => [
  nodeProgram(),
  path.join(import.meta.dirname, 'counter.mjs'),
  String(megabytes),
  String(periodMs),
];

/** @throws StasisError when it does not run. */
export const startContainer = async (
  session: Session,
  body: BodyOf<typeof routes.requestStart>,
): Promise<ContainerView> => settled(session, await session.client.requestStart({ body }), stepMs);

/** Leaves it running. @throws StasisError when the checkpoint does not get Ready. */
export const takeCheckpoint = async (
  session: Session,
  container: string,
  reason: string,
): Promise<CheckpointDetail> => {
  const asked = await session.client.requestCheckpoint({ body: { container, leaveRunning: true, reason } });
  const ended = await waitUntil<CheckpointDetail>(session, {
    subject: asked.id,
    read: (signal) => session.client.getCheckpoint({ params: { id: asked.id }, signal }),
    ended: ({ endedAt }) => endedAt !== undefined,
    timeoutMs: stepMs,
  });
  if (ended.phase !== 'Ready') throw failureOf('checkpoint', ended);
  return ended;
};

/** @throws StasisError when the restored container does not run. */
export const restoreTo = async (
  session: Session,
  body: BodyOf<typeof routes.requestRestore>,
): Promise<RestoreDetail> => {
  const asked = await session.client.requestRestore({ body });
  const ended = await waitUntil<RestoreDetail>(session, {
    subject: asked.id,
    read: (signal) => session.client.getRestore({ params: { id: asked.id }, signal }),
    ended: ({ endedAt }) => endedAt !== undefined,
    timeoutMs: stepMs,
  });
  if (ended.phase !== 'Running') throw failureOf('restore', ended);
  return ended;
};
