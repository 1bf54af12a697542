import { isStasisError, messageOf, StasisError } from '@stasis/errors';
import { Command, CommanderError } from 'commander';
import { auditCommand } from './commands/audit/index.ts';
import { cancelCommand } from './commands/cancel.ts';
import { checkpointCommand } from './commands/checkpoint.ts';
import { checkpointsCommand } from './commands/checkpoints.ts';
import { demoCommand } from './commands/demo.ts';
import { doctorCommand } from './commands/doctor.ts';
import { downCommand } from './commands/down.ts';
import { rmCommand, stopCommand } from './commands/endContainer.ts';
import { eventsCommand } from './commands/events.ts';
import { imageCommand } from './commands/image/index.ts';
import { ledgerCommand } from './commands/ledger.ts';
import { logsCommand } from './commands/logs.ts';
import { nodeCommand } from './commands/node/index.ts';
import { nodesCommand } from './commands/nodes.ts';
import { psCommand } from './commands/ps.ts';
import { restoreCommand } from './commands/restore.ts';
import { runCommand } from './commands/run.ts';
import { showCommand } from './commands/show.ts';
import { tokenCommand, whoamiCommand } from './commands/token.ts';
import { upCommand } from './commands/up.ts';
import type { Io } from './io.ts';
import { createPrinter, type Format, formats } from './printer.ts';
import type { Shell } from './session.ts';
import { trustCa } from './trustCa.ts';
import { versions } from './versions.ts';

const verbs = [
  upCommand,
  downCommand,
  doctorCommand,
  demoCommand,
  runCommand,
  logsCommand,
  stopCommand,
  rmCommand,
  psCommand,
  nodesCommand,
  nodeCommand,
  checkpointCommand,
  restoreCommand,
  checkpointsCommand,
  showCommand,
  cancelCommand,
  eventsCommand,
  auditCommand,
  ledgerCommand,
  imageCommand,
  tokenCommand,
  whoamiCommand,
];

const signalExits: Readonly<Record<string, number>> = { SIGHUP: 129, SIGINT: 130, SIGPIPE: 141, SIGTERM: 143 };

/** Runs one command line. @returns the exit code, see errorTable; 128 + n when a signal ended it. */
export const run = async (argv: readonly string[], io: Io): Promise<number> => {
  const shell: Shell = { io, printer: createPrinter(io, formatIn(argv)) };
  const program = new Command('stasis')
    .description('checkpoints and restores containers across a fleet')
    .helpCommand(false)
    .option('--version', 'print the versions of Stasis, of the runtime and of Node')
    .showHelpAfterError(false);
  for (const verb of verbs) program.addCommand(verb(shell));
  quietly(program, io);
  try {
    trustCa(io.env);
    if (argv.length === 1 && argv[0] === '--version') {
      io.out(await versions());
      return 0;
    }
    await program.parseAsync(argv, { from: 'user' });
    return 0;
  } catch (error) {
    if (io.signal.aborted) return signalExits[String(io.signal.reason)] ?? 1;
    if (error instanceof CommanderError && error.exitCode === 0) return 0;
    const known = stasisErrorOf(error, argv);
    shell.printer.error(known);
    if (io.env['STASIS_DEBUG'] === '1' && error instanceof Error) io.err(`${error.stack}\n`);
    return known.row.exit;
  }
};

/** What a command line that could not be read asked for, as far as can be told. */
const formatIn = (argv: readonly string[]): Format => {
  const flag = argv.findIndex((word) => /^(-o|--output)/.test(word));
  const word = argv[flag]?.replace(/^(-o|--output)=?/, '') || argv[flag + 1];
  return flag < 0 ? 'table' : (formats.find((format) => format === word) ?? 'table');
};

/** Help and errors go through `io`, and nothing ends the process. */
const quietly = (command: Command, io: Io): void => {
  command.exitOverride();
  command.configureOutput({
    writeOut: (text) => io.out(text),
    writeErr: (text) => io.err(text),
    outputError: () => {},
  });
  command.configureHelp({ helpWidth: 80 });
  for (const one of command.commands) quietly(one, io);
};

const stasisErrorOf = (error: unknown, argv: readonly string[]): StasisError => {
  if (isStasisError(error)) return error;
  if (error instanceof CommanderError) {
    const verb = argv.find((word) => !word.startsWith('-'));
    const message = error.code === 'commander.help' ? 'a verb is missing' : error.message.replace(/^error: /, '');
    return new StasisError('Usage', message, {
      next: `\`stasis ${verb === undefined || error.code === 'commander.unknownCommand' ? '' : `${verb} `}--help\` shows how.`,
    });
  }
  return new StasisError('Internal', messageOf(error), {
    cause: error,
    next: 'This is a bug in the client; STASIS_DEBUG=1 prints where.',
  });
};
