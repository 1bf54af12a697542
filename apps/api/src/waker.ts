/** Lets a loop sleep until something happens. A call to `wake` between `ready` and `sleep` is not lost. */
export interface Waker {
  /** Before looking for work: from here on a wake counts. */
  ready(): void;
  wake(): void;
  /** Resolves with true when woken, with false after `ms` or when the signal aborts. */
  sleep(ms: number, signal: AbortSignal): Promise<boolean>;
}

export function createWaker(): Waker {
  let woken = false;
  let listener: (() => void) | undefined;
  return {
    ready: () => {
      woken = false;
    },
    wake: () => {
      woken = true;
      listener?.();
    },
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        const end = (): void => {
          clearTimeout(timer);
          signal.removeEventListener('abort', end);
          listener = undefined;
          resolve(woken);
        };
        const timer = setTimeout(end, ms);
        listener = end;
        signal.addEventListener('abort', end);
        if (woken || signal.aborted) end();
      }),
  };
}
