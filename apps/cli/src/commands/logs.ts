import { Command } from 'commander';
import { parseCount } from '../duration.ts';
import { examples, outputFlag } from '../flags.ts';
import { findLog, followFile, readLines } from '../logFile.ts';
import { createPrinter, type Format } from '../printer.ts';
import type { Shell } from '../session.ts';
import { homeOf } from '../settings.ts';

interface Flags {
  readonly follow?: true;
  readonly tail?: number;
  readonly node?: string;
  readonly output: Format;
}

/** `stasis logs NAME`: what a container of a node on this machine wrote. */
export const logsCommand = (shell: Shell): Command => {
  const command = new Command('logs')
    .description('output of a container that Stasis started or restored on this machine')
    .argument('<name>', '<node>/<name>, or <name> where it is unique')
    .option('-f, --follow', 'go on until interrupted')
    .option('--tail <lines>', 'only the last lines', parseCount)
    .option('--node <node>', 'the node of a bare name');
  outputFlag(command).action(async (name: string, flags: Flags) => {
    if (flags.follow && flags.output === 'json') command.error('--follow has no end: use -o ndjson');
    const { io } = shell;
    const printer = (shell.printer = createPrinter(io, flags.output));
    const { file, container } = findLog(homeOf(io.env), name, flags.node);
    const { lines, size } = readLines(file);
    const shown = flags.tail === undefined ? lines : lines.slice(-flags.tail);
    if (flags.output === 'json') return printer.one({ container, file, lines: shown }, () => '');
    for (const line of shown) printer.line({ line }, () => `${line}\n`);
    if (!flags.follow) return;
    for await (const line of followFile(file, size, io.signal)) printer.line({ line }, () => `${line}\n`);
    io.signal.throwIfAborted();
  });
  return examples(command, 'stasis logs web-1 --tail 20', 'stasis logs node-b/web-1 --follow');
};
