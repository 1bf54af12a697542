/**
 * Calls `stop` once when this process is told to end (Ctrl-C, SIGTERM, a closed terminal), waits for it, and exits with
 * 128 + the signal's number, as a shell would report it. A second signal does not cut the first short.
 *
 * @returns takes the handlers away again.
 */
export const stopOnSignals = (stop: () => Promise<void>, say: (line: string) => void): (() => void) => {
  const numbers = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;
  let stopping = false;
  const onSignal = (signal: keyof typeof numbers): void => {
    if (stopping) return;
    stopping = true;
    say(`${signal}: stopping`);
    stop().then(
      () => process.exit(128 + numbers[signal]),
      (error: unknown) => {
        say(`could not stop: ${String(error)}`);
        process.exit(1);
      },
    );
  };
  const signals = Object.keys(numbers) as (keyof typeof numbers)[];
  for (const signal of signals) process.on(signal, onSignal);
  return () => {
    for (const signal of signals) process.off(signal, onSignal);
  };
};
