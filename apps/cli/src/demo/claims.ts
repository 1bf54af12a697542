import { type Findings, provenEvent } from './report.ts';
import type { Count } from './counterLog.ts';
import type { Refusal } from './refusal.ts';
import { milestones, milestonesOf } from './trail.ts';
import { shortType } from '@stasis/api-contract';
import { isEvent } from '@stasis/events';

/** One thing that the demo says it shows, and whether it was seen. */
export interface Claim {
  readonly claim: string;
  readonly shown: boolean;
  /** What was seen. */
  readonly seen: string;
}

/** Every claim of the demo, checked against what the program wrote and what the api and the ledger say. */
export const checkClaims = (findings: Findings): readonly Claim[] => {
  const { story, events, verification, signed, refusal, trail, offline } = findings;
  const { checkpoints, before, after, countAtCheckpoint, countWhenReady } = story;
  const secrets = new Set([...before, ...after].map(({ secret }) => secret));
  const first = after[0]?.count ?? 0;
  const last = before.at(-1)?.count ?? 0;
  const positions = events.map(({ position }) => position);
  const dense = positions.every((position, at) => position === at + 1);
  const terminal = [...checkpoints.map(({ id }) => id), story.restore.id].map(
    (id) => events.filter(({ subject, type }) => subject === id && isTerminal(type)).length,
  );
  return [
    {
      claim: 'both checkpoints are Ready: whole, stored, read back and matched',
      shown: checkpoints.length === 2 && checkpoints.every(isReady),
      seen: checkpoints.map(({ phase }) => phase).join(', '),
    },
    {
      claim: 'the container went on while and after it was checkpointed',
      shown: story.countedBetween >= 10 && last >= countWhenReady + 10 && isSteady(before),
      seen: `counted without a gap from 1 to ${last}`,
    },
    {
      claim: 'the container was gone before the restore',
      shown: story.sourceStatus === 'stopped' && story.writtenAfterKill === 0,
      seen: `${story.sourceStatus}, ${story.writtenAfterKill} lines after that`,
    },
    {
      claim: 'it runs on the other node',
      shown: story.restore.phase === 'Running' && story.restore.node === 'node-b' && after.length >= 10,
      seen: `${story.restore.container}, ${story.restore.phase}, ${after.length} lines`,
    },
    {
      claim: 'it is the same program: its secret, drawn once at the start, is the same',
      shown: secrets.size === 1,
      seen: [...secrets].join(', '),
    },
    {
      claim: 'it went on from the second checkpoint, without a restart',
      shown: first > countAtCheckpoint && first <= countWhenReady + 1 && first < last && isSteady(after, first),
      seen: `checkpoint after count ${countAtCheckpoint}, by ${countWhenReady}; goes on with ${first}; killed at ${last}`,
    },
    {
      claim: 'each request ended exactly once, and the ledger has no gap',
      shown: dense && events.length > 0 && terminal.every((count) => count === 1),
      seen: `${events.length} events, ${terminal.join(' + ')} outcomes`,
    },
    {
      claim: 'the ledger is what was written: every leaf and hash recomputed, the tree head signed',
      shown: verification.verified && signed && verification.size === events.length,
      seen: `${verification.size} events ${verification.verified ? 'verified' : 'NOT verified'}`,
    },
    {
      claim: 'the trail tells one life over both nodes, each line an event of the ledger',
      shown: isWholeTrail(findings),
      seen: `${trail.containers.join(', then ')}; ${trail.items.length} events`,
    },
    {
      claim: 'the restore is proven offline by a file and a key; a forged copy is not',
      shown: isProven(findings),
      seen: `${provenEvent(offline)} is event ${offline.proof.position} of ${offline.proof.treeSize}; in the copy does not hold: ${failedChecks(offline.forged).join(', ') || 'nothing'}`,
    },
    {
      claim: 'an auditor reads the audit and restores nothing: the try was refused, and is in the ledger',
      shown: isRefused(refusal),
      seen: `${refusal.code ?? 'not refused'}, recorded as ${refusal.recorded?.id ?? 'nothing'}`,
    },
  ];
};

const isRefused = ({ code, recorded, restoresBefore, restoresAfter }: Refusal): boolean =>
  code === 'NotAuthorised' &&
  recorded !== undefined &&
  isEvent(recorded, 'access.denied') &&
  recorded.data.action === 'restore.request' &&
  restoresAfter === restoresBefore;

const isWholeTrail = ({ story, trail, events }: Findings): boolean => {
  const ids = new Set(events.map(({ id }) => id));
  const told = milestonesOf(trail).map(({ event }) => shortType(event.type));
  return (
    trail.items.every(({ event }) => ids.has(event.id)) &&
    told.join() === milestones.join() &&
    [story.container, story.restore.container].every((container) => trail.containers.includes(container))
  );
};

/** The event is the restore's; the copy fails where it must, and only there. */
const isProven = ({ story, events, offline }: Findings): boolean => {
  const event = events.find(({ id }) => id === provenEvent(offline));
  return (
    offline.proof.holds &&
    event !== undefined &&
    event.subject === story.restore.id &&
    isEvent(event, 'restore.running') &&
    offline.proof.position === event.position &&
    failedChecks(offline.forged).join() === 'inclusion'
  );
};

const failedChecks = ({ checks }: Findings['offline']['proof']): readonly string[] =>
  checks.filter(({ holds }) => !holds).map(({ check }) => check);

const isReady = ({ conditions }: Findings['story']['checkpoints'][number]): boolean =>
  conditions.some(({ type, status }) => type === 'Ready' && status === 'True');

const isTerminal = (type: string): boolean =>
  ['ready', 'running', 'failed', 'refused', 'canceled', 'voided'].includes(shortType(type).split('.')[1] ?? '');

/** Each count is one more than the one before. */
const isSteady = (counts: readonly Count[], from = 1): boolean => counts.every(({ count }, at) => count === from + at);
