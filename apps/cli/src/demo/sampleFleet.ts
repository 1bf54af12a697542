import { bytes, milliseconds } from '@stasis/api-contract';
import { settled } from '../containerRequest.ts';
import type { Session } from '../session.ts';
import { tryAsAuditor } from './refusal.ts';
import { counter, restoreTo, startContainer, stepMs, takeCheckpoint } from './requests.ts';
import type { Teller } from './teller.ts';

export const sampleNodes = ['node-a', 'node-b', 'node-c'] as const;

const containers = [
  { node: 'node-a', name: 'web-1', megabytes: 16 },
  { node: 'node-a', name: 'web-2', megabytes: 16 },
  { node: 'node-b', name: 'db-1', megabytes: 64 },
  { node: 'node-b', name: 'ci-17', megabytes: 8 },
  { node: 'node-c', name: 'train-1', megabytes: 128 },
] as const;

const checkpoints = [
  { container: 'node-a/web-1', reason: 'nightly' },
  { container: 'node-b/db-1', reason: 'nightly' },
  { container: 'node-c/train-1', reason: 'end of epoch 3' },
  { container: 'node-a/web-1', reason: 'before the change CHG-42' },
  { container: 'node-b/db-1', reason: 'before the schema change' },
] as const;

/**
 * A fleet worth looking at, by the same requests that anybody makes: containers on three nodes, checkpoints, a copy on
 * another node, one that was stopped, one that has no checkpoint, and a restore that was refused.
 * @throws StasisError as soon as a step does not work.
 */
export const fillFleet = async (session: Session, teller: Teller): Promise<void> => {
  for (const { node, name, megabytes } of containers)
    await teller.step(
      () => startContainer(session, { node, name, command: counter(megabytes, 500), reason: 'sample' }),
      ({ id }) => `${id} runs and holds ${megabytes} MB`,
    );
  for (const { container, reason } of checkpoints) await checkpoint(session, teller, container, reason);
  const { id } = await checkpoint(session, teller, 'node-b/ci-17', 'the spot node goes away');
  await teller.step(
    async () => {
      const params = { node: 'node-b', id: 'ci-17' };
      const asked = await session.client.requestStop({ params, body: { reason: 'the spot node goes away' } });
      return settled(session, asked, stepMs);
    },
    ({ id: container, status }) => `${container} is ${status}`,
  );
  await teller.step(
    () => restoreTo(session, { checkpoint: id, node: 'node-c', reason: 'goes on elsewhere' }),
    ({ container }) => `${container} runs: it goes on where node-b/ci-17 was`,
  );
  await teller.step(
    () => tryAsAuditor(session, id),
    ({ code }) => `an auditor asked for a restore: ${code ?? 'NOT refused'}`,
  );
};

const checkpoint = (session: Session, teller: Teller, container: string, reason: string): Promise<{ id: string }> =>
  teller.step(
    () => takeCheckpoint(session, container, reason),
    ({ freezeMs, bytesNew }) =>
      `checkpoint of ${container}, "${reason}": stood still ${milliseconds(freezeMs)}, ${bytes(bytesNew)} new`,
  );
