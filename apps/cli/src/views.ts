import {
  ago,
  type AuditEvent,
  bytes,
  type CheckpointDetail,
  type ContainerListed,
  milliseconds,
  type NodeShown,
  type RestoreDetail,
  shortType,
} from '@stasis/api-contract';
import type { CheckpointView, ContainerView, RestoreView } from './shapes.ts';
import { type Column, facts, table } from './table.ts';

export const containerColumns: readonly Column<ContainerListed>[] = [
  { head: 'CONTAINER', cell: ({ id }) => id, shrinks: true },
  { head: 'STATUS', cell: ({ status }) => status },
  { head: 'GEN', cell: ({ generation }) => String(generation), right: true },
  { head: 'RUNTIME', cell: ({ runtime }) => runtime ?? '-' },
  { head: 'ORIGIN', cell: ({ origin }) => origin?.kind ?? 'seen' },
  { head: 'STARTED', cell: ({ startedAt }) => ago(startedAt), right: true },
  { head: 'LAST READY', cell: ({ lastReady }) => ago(lastReady?.capturedAt), right: true },
];

export const nodeColumns: readonly Column<NodeShown>[] = [
  { head: 'NODE', cell: ({ id }) => id, shrinks: true },
  { head: 'CHECKPOINTER', cell: ({ agents }) => agents.checkpointer?.status ?? '-' },
  { head: 'RESTORER', cell: ({ agents }) => agents.restorer?.status ?? '-' },
  { head: 'RUNTIME', cell: ({ runtime }) => (runtime === undefined ? '-' : `${runtime.name} ${runtime.version}`) },
  { head: 'SEEN', cell: ({ lastSeen }) => ago(newest(lastSeen.checkpointer, lastSeen.restorer)), right: true },
];

const newest = (...times: readonly (string | undefined)[]): string | undefined =>
  times
    .filter((time) => time !== undefined)
    .sort()
    .at(-1);

export const checkpointColumns: readonly Column<CheckpointView>[] = [
  { head: 'CHECKPOINT', cell: ({ id }) => id },
  { head: 'CONTAINER', cell: ({ container }) => container, shrinks: true },
  { head: 'PHASE', cell: ({ phase }) => phase },
  { head: 'FREEZE', cell: ({ freezeMs }) => milliseconds(freezeMs), right: true },
  { head: 'SIZE', cell: (view) => bytes(view.bytes), right: true },
  { head: 'AGE', cell: ({ requestedAt }) => ago(requestedAt), right: true },
];

export const eventColumns: readonly Column<AuditEvent>[] = [
  { head: 'POSITION', cell: ({ position }) => String(position), right: true },
  { head: 'TIME', cell: ({ time }) => time.slice(0, 19).replace('T', ' ') },
  { head: 'TYPE', cell: ({ type }) => shortType(type) },
  { head: 'SUBJECT', cell: ({ subject }) => subject, shrinks: true },
];

/** One event as a line of a stream. */
export const eventLine = ({ position, time, type, subject }: AuditEvent): string =>
  `${String(position).padStart(6)}  ${time.slice(11, 23)}  ${shortType(type).padEnd(21)}  ${subject}\n`;

const conditionsOf = (conditions: CheckpointView['conditions']): string =>
  conditions.length === 0
    ? ''
    : `\n${table(
        [
          { head: 'CONDITION', cell: ({ type }) => type },
          { head: 'STATUS', cell: ({ status }) => status },
          { head: 'REASON', cell: ({ reason }) => reason },
          { head: 'MESSAGE', cell: ({ message }) => message, shrinks: true },
        ],
        conditions,
      )}`;

const timelineOf = (resource: object): string => {
  const { timeline = [] } = resource as Partial<CheckpointDetail>;
  return timeline.length === 0 ? '' : `\n${timeline.map(eventLine).join('')}`;
};

const reasonTextOf = (resource: object): string | undefined => (resource as Partial<CheckpointDetail>).reasonText;

export const checkpointText = (view: CheckpointView | CheckpointDetail): string =>
  facts([
    ['checkpoint', view.id],
    ['container', view.container],
    ['phase', view.phase],
    ['reason', reasonTextOf(view)],
    ['frozen', view.freezeMs === undefined ? undefined : `at most ${milliseconds(view.freezeMs)}`],
    ['size', view.bytes === undefined ? undefined : bytes(view.bytes)],
    [
      'stored',
      view.bytesNew === undefined ? undefined : `${bytes(view.bytesNew)} new, ${bytes(view.bytesShared)} shared`,
    ],
    ['runtime', view.runtime === undefined ? undefined : `${view.runtime.name} ${view.runtime.version}`],
    ['manifest', view.manifestDigest],
    ['requested', view.requestedAt],
    ['ended', view.endedAt],
  ]) +
  conditionsOf(view.conditions) +
  timelineOf(view);

export const restoreText = (view: RestoreView | RestoreDetail): string =>
  facts([
    ['restore', view.id],
    ['checkpoint', view.checkpoint],
    ['container', view.container],
    ['phase', view.phase],
    ['reason', reasonTextOf(view)],
    ...view.reasons.map((cause): [string, string] => ['because', `${cause.reason}: ${cause.message}`]),
    ...(view.warnings ?? []).map((warning): [string, string] => ['warning', warning]),
    ['requested', view.requestedAt],
    ['ended', view.endedAt],
  ]) +
  conditionsOf(view.conditions) +
  timelineOf(view);

export const containerText = (view: ContainerView): string =>
  facts([
    ['container', view.id],
    ['status', view.status],
    ['generation', String(view.generation)],
    ['runtime', view.runtime],
    ['bundle', view.bundle],
    ['started', view.startedAt],
    ['origin', view.origin === undefined ? 'started by others' : (view.origin.checkpoint ?? view.origin.kind)],
    ['last failure', view.lastFailure && `${view.lastFailure.reason}: ${view.lastFailure.message}`],
  ]);

export const nodeText = (view: NodeShown): string =>
  facts([
    ['node', view.id],
    ['checkpointer', view.agents.checkpointer?.status ?? 'never joined'],
    ['restorer', view.agents.restorer?.status ?? 'never joined'],
    ['runtime', view.runtime && `${view.runtime.name} ${view.runtime.version} (${view.runtime.platform})`],
    ['kernel', view.kernel],
    ['cpu', view.cpuModel],
  ]);
