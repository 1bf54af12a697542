import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { openStore, type PageStore, plainWarning } from '@stasis/store';
import type { Command } from 'commander';
import { outputFlag } from '../../flags.ts';
import { createPrinter, type Format, type Printer } from '../../printer.ts';
import type { Shell } from '../../session.ts';
import { homeOf } from '../../settings.ts';

export interface ImageFlags {
  readonly store?: string;
  readonly output: Format;
}

/** Flags of the verbs that work on a store themselves, without a server. */
export const imageFlags = (command: Command): Command =>
  outputFlag(command.option('--store <url>', 'file:///… or a directory (STASIS_STORE, else the one in the home)'));

/** @throws StasisError ConfigInvalid naming the setting that is wrong. */
export const openImageSession = async (
  shell: Shell,
  flags: ImageFlags,
): Promise<{ readonly store: PageStore; readonly printer: Printer }> => {
  const { env } = shell.io;
  const printer = (shell.printer = createPrinter(shell.io, flags.output));
  const home = homeOf(env);
  const named = flags.store || env['STASIS_STORE'] || path.join(home, 'store');
  const url = /^[a-z][a-z0-9+.-]*:/i.test(named) ? named : pathToFileURL(path.resolve(named)).href;
  const store = await openStore(url, { ...env, STASIS_HOME: home });
  if (store.settings.plain) printer.warn(plainWarning);
  return { store, printer };
};
