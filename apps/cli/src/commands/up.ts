import { once } from 'node:events';
import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Command, Option } from 'commander';
import { examples, outputFlag } from '../flags.ts';
import { createPrinter, type Format } from '../printer.ts';
import type { Shell } from '../session.ts';
import { homeOf } from '../settings.ts';
import { up, type RuntimeKind, type Up } from '../up/index.ts';

interface Flags {
  readonly bus?: string;
  readonly kafka?: true;
  readonly node?: readonly string[];
  readonly runtime?: RuntimeKind;
  readonly listen?: string;
  readonly output: Format;
}

const collect = (one: string, all: readonly string[] = []): readonly string[] => [...all, ...one.split(',')];

/** `stasis up`: all of Stasis on this machine, until told to end. */
export const upCommand = (shell: Shell): Command => {
  const command = new Command('up')
    .description('run all of Stasis on this machine until interrupted; containers go on without it')
    .addOption(
      new Option('--bus <kind>', 'kafka or postgres (STASIS_BUS, else what can run)').choices(['kafka', 'postgres']),
    )
    .addOption(new Option('--kafka', 'the same as --bus kafka').conflicts('bus'))
    .option('--node <name>', 'node name; may be repeated (STASIS_NODE, else the name of the machine)', collect)
    .addOption(new Option('--runtime <kind>', 'runsc or simulated (STASIS_RUNTIME)').choices(['runsc', 'simulated']))
    .option('--listen <host:port>', 'address of the api (STASIS_LISTEN, else 127.0.0.1:7070)');
  outputFlag(command).action(async (flags: Flags) => {
    const { io } = shell;
    const printer = (shell.printer = createPrinter(io, flags.output));
    const bus = flags.kafka ? 'kafka' : flags.bus;
    const platform = await up({
      home: homeOf(io.env),
      say: (line) => io.err(`${line}\n`),
      signal: io.signal,
      ...(bus !== undefined && { bus }),
      ...(flags.node !== undefined && { nodes: flags.node }),
      ...(flags.runtime !== undefined && { runtime: flags.runtime }),
      ...(flags.listen !== undefined && { listen: flags.listen }),
    });
    const file = path.join(platform.home, 'server.json');
    try {
      writeFileSync(file, `${JSON.stringify({ url: platform.url, pid: process.pid })}\n`);
      printer.one(shown(platform), () => told(platform));
      if (!io.signal.aborted) await once(io.signal, 'abort');
      io.err('stopping; containers go on\n');
    } finally {
      rmSync(file, { force: true });
      await platform.stop();
    }
  });
  return examples(command, 'stasis up', 'stasis up --bus kafka --node node-a --node node-b');
};

const shown = ({ url, bus, nodes, home, tokenFile }: Up): object => ({ url, bus, nodes, home, tokenFile });

const told = ({ url, bus, nodes, home, tokenFile }: Up): string =>
  [`Stasis runs at ${url}`, `bus ${bus}, nodes ${nodes.join(', ')}`, `home ${home}`, `admin token in ${tokenFile}`]
    .map((line) => `${line}\n`)
    .join('');
