import { type Command, Option } from 'commander';
import { parseDuration } from './duration.ts';
import { type Format, formats } from './printer.ts';

/** Flags that every verb which talks to the api has. */
export interface CommonFlags {
  readonly server?: string;
  readonly token?: string;
  readonly output: Format;
}

/** Flags of the verbs that ask for work to be done. */
export interface WorkFlags extends CommonFlags {
  readonly reason?: string;
  readonly wait?: true;
  readonly timeout: number;
  readonly dryRun?: true;
}

export const outputFlag = (command: Command): Command =>
  command.addOption(new Option('-o, --output <format>', 'how data is written').choices(formats).default('table'));

export const commonFlags = (command: Command): Command =>
  outputFlag(
    command
      .option('--server <url>', 'address of the api (STASIS_SERVER, else the local one)')
      .option('--token <token>', 'token to show it (STASIS_TOKEN, else the local admin token)'),
  );

export const workFlags = (command: Command): Command =>
  commonFlags(command)
    .option('--reason <text>', 'why, for the audit')
    .option('--wait', 'return when it has ended')
    .addOption(
      new Option('--timeout <duration>', 'how long to wait, for example 30s')
        .argParser(parseDuration)
        .default(600_000, '10m'),
    )
    .option('--dry-run', 'print the request, send nothing');

/** The examples at the end of a verb's help. */
export const examples = (command: Command, ...lines: readonly string[]): Command =>
  command.addHelpText('after', `\nExamples:\n${lines.map((line) => `  $ ${line}\n`).join('')}`);
