import { isStasisError, messageOf, type ErrorCode, type StasisError } from '@stasis/errors';

/** The exit status of runsc for every failure, usage included. */
export const failureExit = 128;

/** Says one line to the person at the terminal; stdout belongs to the container. */
export const say = (line: string): void => void process.stderr.write(`${line.replaceAll(/\s*\n\s*/gu, ' ')}\n`);

export const warn = (line: string): void => say(`warning: ${line}`);

/** What happened, the reason's word, what to do next; one line. */
export function failureLine(error: unknown): string {
  if (!isStasisError(error)) return `${messageOf(error)} (${codeOf(error)})`;
  return `${error.message} (${error.code})${error.next === undefined ? '' : ` - ${error.next}`}`;
}

/** What the system itself refuses (`ENOSPC: no space left on device, …`) is no bug of ours. */
function codeOf(error: unknown): ErrorCode {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code === 'ENOSPC' || code === 'EDQUOT') return 'NoSpace';
  return /^E[A-Z]+$/u.test(code) ? 'RuntimeFailed' : 'Internal';
}

/**
 * Runs a command to its exit status. A refusal or failure is said in one line; misuse is said with the usage text.
 */
export async function exitStatusOf(usage: string, command: () => Promise<number>): Promise<number> {
  try {
    return await command();
  } catch (error) {
    if (isStasisError(error) && error.code === 'Usage') sayUsage(error, usage);
    else say(failureLine(error));
    return failureExit;
  }
}

function sayUsage(error: StasisError, usage: string): void {
  if (error.message !== '') say(error.message);
  process.stderr.write(usage.endsWith('\n') ? usage : `${usage}\n`);
}
