import { followEvents, shortType } from '@stasis/api-contract';
import { isStasisError, messageOf, StasisError } from '@stasis/errors';
import type { Session } from './session.ts';

export interface WaitOptions<T> {
  /** Subject of the events that tell of progress. */
  readonly subject: string;
  readonly read: (signal: AbortSignal) => Promise<T>;
  readonly ended: (state: T) => boolean;
  readonly timeoutMs: number;
}

/** A stream can be cut by what lies between; looking this often keeps the wait true. */
const pollMs = 1000;

/**
 * Reads until it has ended: after each event of the subject, and every second whatever the stream says. An api that is
 * away for a while is waited for.
 * @throws StasisError WaitTimedOut; what the api refuses.
 */
export const waitUntil = async <T>(session: Session, options: WaitOptions<T>): Promise<T> => {
  const { io, printer } = session;
  const over = new AbortController();
  const deadline = Date.now() + options.timeoutMs;
  const bell = createBell();
  const stopWith = (): void => over.abort();
  io.signal.addEventListener('abort', stopWith);
  const follow = async (): Promise<void> => {
    const { subject } = options;
    for await (const event of followEvents({
      ...session.connection,
      subject,
      signal: over.signal,
      onOpen: bell.ring,
    })) {
      printer.progress(`${event.time}  ${shortType(event.type)}`);
      bell.ring();
    }
  };
  const following = follow().catch((error: unknown) =>
    printer.progress(`no event stream (${messageOf(error)}); polling`),
  );
  try {
    for (;;) {
      const state = await readOrWait(options.read, over.signal);
      if (state !== undefined && options.ended(state)) return state;
      const left = deadline - Date.now();
      if (left <= 0)
        throw new StasisError('WaitTimedOut', `${options.subject} had not ended after ${options.timeoutMs / 1000} s`, {
          next: `It goes on; look at it with \`stasis show ${options.subject}\`.`,
        });
      await bell.wait(Math.min(pollMs, left));
      io.signal.throwIfAborted();
    }
  } finally {
    over.abort();
    io.signal.removeEventListener('abort', stopWith);
    await following;
  }
};

const readOrWait = async <T>(read: WaitOptions<T>['read'], signal: AbortSignal): Promise<T | undefined> => {
  try {
    return await read(signal);
  } catch (error) {
    if (isStasisError(error) && error.code === 'ServerUnreachable') return undefined;
    throw error;
  }
};

/** Wakes one waiter; a ring that nobody waits for wakes the next at once. */
const createBell = (): { ring: () => void; wait: (ms: number) => Promise<void> } => {
  let rung = false;
  let wake: (() => void) | undefined;
  return {
    ring: () => {
      rung = true;
      wake?.();
    },
    wait: (ms) =>
      new Promise((resolve) => {
        const end = (): void => {
          clearTimeout(timer);
          wake = undefined;
          rung = false;
          resolve();
        };
        const timer = setTimeout(end, ms);
        wake = end;
        if (rung) end();
      }),
  };
};
