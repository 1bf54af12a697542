import { once } from 'node:events';
import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Command, Option } from 'commander';
import { endContainers } from '../demo/endContainers.ts';
import { makeHome, removeHome } from '../demo/home.ts';
import { platformSession } from '../demo/platformSession.ts';
import { fillFleet, sampleNodes } from '../demo/sampleFleet.ts';
import { createTeller } from '../demo/teller.ts';
import { examples, outputFlag } from '../flags.ts';
import { createPrinter, type Format } from '../printer.ts';
import type { Session, Shell } from '../session.ts';
import { homeOf } from '../settings.ts';
import { up, type RuntimeKind, type Up } from '../up/index.ts';

interface Flags {
  readonly bus?: string;
  readonly kafka?: true;
  readonly node?: readonly string[];
  readonly runtime?: RuntimeKind;
  readonly listen?: string;
  readonly sample?: true;
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
    .option('--listen <host:port>', 'address of the api (STASIS_LISTEN, else 127.0.0.1:7070)')
    .option('--sample', 'three nodes and a small fleet to look at, in a home of their own; gone afterwards');
  outputFlag(command).action(async (flags: Flags) => {
    const { io } = shell;
    const printer = (shell.printer = createPrinter(io, flags.output));
    if (!flags.sample) return runUntilTold({ io, printer }, homeOf(io.env), flags);
    const home = makeHome('sample');
    try {
      await runUntilTold({ io, printer }, home, { node: sampleNodes, ...flags });
    } finally {
      await removeHome(home);
    }
  });
  return examples(command, 'stasis up', 'stasis up --bus kafka --node node-a --node node-b', 'stasis up --sample');
};

type Base = Pick<Session, 'io' | 'printer'>;

const runUntilTold = async ({ io, printer }: Base, home: string, flags: Flags): Promise<void> => {
  const bus = flags.kafka ? 'kafka' : flags.bus;
  const platform = await up({
    home,
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
    if (flags.sample) await fillUntilTold({ io, printer }, platform, flags.runtime);
    if (!io.signal.aborted) await once(io.signal, 'abort');
    io.err(flags.sample ? 'stopping; the sample goes too\n' : 'stopping; containers go on\n');
  } finally {
    rmSync(file, { force: true });
    if (flags.sample) await endContainers(platformSession({ io, printer }, platform), home);
    await platform.stop();
  }
};

/** Fills the sample fleet; Ctrl-C ends it half full. */
const fillUntilTold = async (base: Base, platform: Up, runtime: RuntimeKind | undefined): Promise<void> => {
  const { io } = base;
  const teller = createTeller((line) => io.err(`${line}\n`), runtime === 'simulated');
  try {
    await fillFleet(platformSession(base, platform), teller);
    teller.tell(`the sample is there; in another terminal:\n  STASIS_HOME=${platform.home} npx stasis ps`);
  } catch (error) {
    if (!io.signal.aborted) throw error;
  }
};

const shown = ({ url, bus, nodes, home, tokenFile }: Up): object => ({ url, bus, nodes, home, tokenFile });

const told = ({ url, bus, nodes, home, tokenFile }: Up): string =>
  [
    `Stasis runs at ${url}`,
    `console: the same address; sign in with the token in ${tokenFile}`,
    `bus ${bus}, nodes ${nodes.join(', ')}; home ${home}`,
  ]
    .map((line) => `${line}\n`)
    .join('');
