/** The outside world of one command: tests give their own. */
export interface Io {
  /** Data. */
  out(text: string): void;
  /** Words: errors and warnings, and progress when `terminal`. */
  err(text: string): void;
  /** Standard error is a terminal: progress is shown. */
  readonly terminal: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Aborted by SIGINT, SIGTERM and SIGHUP, and when nobody reads any more. */
  readonly signal: AbortSignal;
}

/** The process's own streams; its signals abort `signal`, and so does a reader that went away (`| head`). */
export const processIo = (): Io => {
  const ending = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => ending.abort(name));
  for (const stream of [process.stdout, process.stderr])
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
      ending.abort('SIGPIPE');
    });
  return {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    terminal: process.stderr.isTTY,
    env: process.env,
    signal: ending.signal,
  };
};
