import { StasisError } from '@stasis/errors';

/** Notes SIGINT and SIGTERM instead of dying from them, so that a container is never left in the middle. */
export interface Interruption {
  /** @throws StasisError RuntimeFailed once a signal has come. */
  check(): void;
  /** From here on signals end the process again. */
  release(): void;
}

export function watchInterruption(): Interruption {
  let received: NodeJS.Signals | undefined;
  const note = (signal: NodeJS.Signals): void => {
    received ??= signal;
  };
  process.on('SIGINT', note).on('SIGTERM', note);
  return {
    check: () => {
      if (received !== undefined) throw new StasisError('RuntimeFailed', `interrupted by ${received}`);
    },
    release: () => void process.off('SIGINT', note).off('SIGTERM', note),
  };
}
