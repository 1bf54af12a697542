import { bytes, type CheckpointDetail, milliseconds, type RestoreDetail } from '@stasis/api-contract';
import { settled } from '../containerRequest.ts';
import { logFileOf } from '../logFile.ts';
import type { Session } from '../session.ts';
import { type Count, readCounts, untilCounted, watchCounts } from './counterLog.ts';
import { counterName, megabytes, nodes } from './options.ts';
import { counter, restoreTo, startContainer, stepMs, takeCheckpoint } from './requests.ts';
import type { Teller } from './teller.ts';

/** What happened, as the api and the program's own output told it. */
export interface Story {
  readonly container: string;
  readonly checkpoints: readonly CheckpointDetail[];
  readonly restore: RestoreDetail;
  /** Counts that had been seen when: the second checkpoint began on the node, and it was Ready. */
  readonly countAtCheckpoint: number;
  readonly countWhenReady: number;
  /** Counts written after the first checkpoint was Ready and before the second was asked for. */
  readonly countedBetween: number;
  /** Everything that the container wrote before it was killed, and a while after that. */
  readonly before: readonly Count[];
  readonly writtenAfterKill: number;
  readonly sourceStatus: string;
  /** What the restored one wrote. */
  readonly after: readonly Count[];
}

const [nodeA, nodeB] = nodes;

/** Start, checkpoint twice, kill, restore elsewhere. @throws StasisError as soon as a step does not work. */
export const playStory = async (session: Session, home: string, teller: Teller): Promise<Story> => {
  const { client, io } = session;
  const logA = logFileOf(home, nodeA, counterName);
  const logB = logFileOf(home, nodeB, counterName);
  const params = { node: nodeA, id: counterName };

  const container = await teller.step(
    async () => {
      const body = { node: nodeA, name: counterName, command: counter(megabytes), reason: 'demo' };
      const running = await startContainer(session, body);
      await untilCounted(logA, (counts) => counts.length > 0, io.signal);
      return running;
    },
    ({ id }) =>
      `start: ${id}, a program that counts, holds ${megabytes} MB and drew a secret when it began: ${readCounts(logA)[0]?.secret}`,
  );

  const checkpoint = (which: string, reason: string): Promise<CheckpointDetail> =>
    teller.step(
      () => takeCheckpoint(session, container.id, reason),
      ({ id, freezeMs, bytes: size, bytesNew }) =>
        `checkpoint ${which}: ${id} Ready; the program stood still for at most ${milliseconds(freezeMs)} and goes on; ${bytes(size)}, of which ${bytes(bytesNew)} new in the store`,
    );
  const first = await checkpoint('1', 'demo: first checkpoint');
  const countAfterFirst = readCounts(logA).length;
  await untilCounted(logA, (counts) => counts.length >= countAfterFirst + 10, io.signal);

  const watch = watchCounts(logA);
  const countBeforeSecond = readCounts(logA).length;
  const second = await checkpoint('2', 'demo: second checkpoint').finally(() => watch.stop());
  const countWhenReady = readCounts(logA).at(-1)?.count ?? 0;
  teller.say(costOf(first, second));
  const begun = second.conditions.find(({ type }) => type === 'Accepted')?.at ?? second.requestedAt;
  const countAtCheckpoint = watch.reachedAt(Date.parse(begun));
  await untilCounted(logA, (counts) => (counts.at(-1)?.count ?? 0) >= countWhenReady + 10, io.signal);

  const killed = await teller.step(
    async () => settled(session, await client.requestStop({ params, body: { reason: 'demo: kill' } }), stepMs),
    ({ id, status }) => `kill: ${id} is ${status}, the last count is ${readCounts(logA).at(-1)?.count}`,
  );
  const before = readCounts(logA);

  const restore = await teller.step(
    () => restoreTo(session, { checkpoint: second.id, node: nodeB, reason: 'demo: the container was lost' }),
    ({ id, container: restored }) => `restore on ${nodeB}: ${restored} runs (${id})`,
  );
  const after = await untilCounted(logB, (counts) => counts.length >= 10, io.signal);
  return {
    container: container.id,
    checkpoints: [first, second],
    restore,
    countAtCheckpoint,
    countWhenReady,
    countedBetween: countBeforeSecond - countAfterFirst,
    before,
    writtenAfterKill: readCounts(logA).length - before.length,
    sourceStatus: killed.status,
    after,
  };
};

/** What the second checkpoint cost in the store, next to the first. */
const costOf = (first: CheckpointDetail, second: CheckpointDetail): string => {
  const [before = 0, after = 0] = [first.bytesNew, second.bytesNew];
  const share = before === 0 ? '' : `, ${((100 * after) / before).toFixed(1)} % of that`;
  return `what changed is what it costs: the first added ${bytes(before)} to the store, the second ${bytes(after)}${share}`;
};
