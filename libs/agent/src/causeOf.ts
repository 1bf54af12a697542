import { isReasonCode, isStasisError, messageOf } from '@stasis/errors';
import type { Cause } from '@stasis/events';

const longest = 4000;

/** Why something did not work, in the closed words that events may carry. */
export function causeOf(error: unknown): Cause {
  const message = messageOf(error).slice(0, longest);
  if (isStasisError(error)) return { reason: isReasonCode(error.code) ? error.code : 'RuntimeFailed', message };
  const code = (error as NodeJS.ErrnoException | null)?.code;
  return { reason: code === 'ENOSPC' || code === 'EDQUOT' ? 'NoSpace' : 'RuntimeFailed', message };
}
