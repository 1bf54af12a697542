import { run } from '../cli.ts';

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs one command line in this process, without a terminal and with only the given environment. */
export const runLine = async (
  words: readonly string[],
  env: Readonly<Record<string, string>> = {},
  signal: AbortSignal = new AbortController().signal,
): Promise<Ran> => {
  let out = '';
  let err = '';
  const io = {
    out: (text: string) => void (out += text),
    err: (text: string) => void (err += text),
    terminal: false,
    env: { STASIS_HOME: '/nonexistent/stasis-test-home', ...env },
    signal,
  };
  const code = await run(words, io);
  return { code, out, err };
};
