import { type ErrorCode, errorTable, StasisError } from '@stasis/errors';
import type { CheckpointView, RestoreView } from './shapes.ts';

const isCode = (word: string): word is ErrorCode => word in errorTable;

/** The error that says how a checkpoint or a restore ended: its own reason, which the exit code follows. */
export const failureOf = (noun: 'checkpoint' | 'restore', view: CheckpointView | RestoreView): StasisError => {
  const reasons = 'reasons' in view ? view.reasons : [];
  const condition = view.conditions.find(({ type }) => type === 'Refused' || type === 'Failed');
  const word = reasons[0]?.reason ?? condition?.reason ?? '';
  const message = reasons.map((cause) => cause.message).join('; ') || condition?.message || '';
  return new StasisError(
    isCode(word) ? word : 'OutcomeUnknown',
    `${noun} ${view.id} was not done (${view.phase})${message === '' ? '' : `: ${message}`}`,
    { next: `\`stasis show ${view.id}\` has its timeline.` },
  );
};

/** The error of a container request that the node answered with no. */
export const containerFailure = (failure: { reason: string; message: string }): StasisError =>
  new StasisError(isCode(failure.reason) ? failure.reason : 'RuntimeFailed', failure.message);
