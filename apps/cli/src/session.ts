import { type Client, createClient } from '@stasis/api-contract';
import type { CommonFlags } from './flags.ts';
import type { Io } from './io.ts';
import { createPrinter, type Printer } from './printer.ts';
import { type Connection, connectionOf } from './settings.ts';

/** What one run of a verb works with. */
export interface Session {
  readonly io: Io;
  readonly printer: Printer;
  readonly connection: Connection;
  readonly client: Client;
}

/** The process around the verbs: the outside world, and the printer of the verb that runs (for its errors). */
export interface Shell {
  readonly io: Io;
  printer: Printer;
}

/** @throws StasisError ConfigInvalid when the address is none. */
export const openSession = (shell: Shell, flags: CommonFlags): Session => {
  const { io } = shell;
  shell.printer = createPrinter(io, flags.output);
  const connection = connectionOf(flags, io.env);
  const client = createClient({
    ...connection,
    fetch: (input, init) => {
      const signals = [io.signal, init?.signal].filter((signal) => signal != null);
      return fetch(input, { ...init, signal: AbortSignal.any(signals) });
    },
  });
  return { io, printer: shell.printer, connection, client };
};
