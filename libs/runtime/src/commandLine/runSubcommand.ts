import { StasisError } from '@stasis/errors';
import { type GlobalFlags, parseGlobalFlags } from './globalFlags.ts';
import { exitStatusOf } from './report.ts';

/** Loads what a subcommand needs, and only that, and runs it to its exit status. */
export type Subcommand = (globals: GlobalFlags, words: readonly string[]) => Promise<number>;

/** Runs `[--root DIR] [--runsc PATH] <subcommand> …` of this process's command line. @returns the exit status */
export const runSubcommand = (usage: string, subcommands: Readonly<Record<string, Subcommand>>): Promise<number> =>
  exitStatusOf(usage, async () => {
    const globals = parseGlobalFlags(process.argv.slice(2));
    const [name, ...words] = globals.rest;
    if (name === undefined) throw new StasisError('Usage', '');
    if (!Object.hasOwn(subcommands, name)) throw new StasisError('Usage', `unknown subcommand "${name}"`);
    return subcommands[name]!(globals, words);
  });
