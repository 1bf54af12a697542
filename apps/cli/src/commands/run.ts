import { Command } from 'commander';
import { settled } from '../containerRequest.ts';
import { examples, type WorkFlags, workFlags } from '../flags.ts';
import { printRequest, why } from '../request.ts';
import { openSession, type Shell } from '../session.ts';

interface Flags extends WorkFlags {
  readonly name: string;
  readonly node?: string;
  readonly bundle?: string;
  readonly cwd?: string;
  readonly env?: readonly string[];
}

const collect = (one: string, all: readonly string[] = []): readonly string[] => [...all, one];

/** `stasis run --name N -- CMD…`: starts a container and returns once it runs. */
export const runCommand = (shell: Shell): Command => {
  const command = new Command('run')
    .description('start a container; returns once it runs')
    .argument('[command...]', 'program and arguments, over the root of the host (read-only)')
    .requiredOption('--name <name>', 'name on the node')
    .option('--node <node>', 'where; default: the only node')
    .option('--bundle <dir>', 'an OCI bundle on the node instead of a command')
    .option('--cwd <dir>', 'working directory of the command')
    .option('--env <NAME=value>', 'environment of the command; may be repeated', collect);
  workFlags(command).action(async (words: string[], flags: Flags) => {
    const session = openSession(shell, flags);
    const { name, node, bundle, cwd, env } = flags;
    if ((words.length === 0) === (bundle === undefined)) command.error('give either a command after -- or --bundle');
    const body = {
      name,
      ...(node !== undefined && { node }),
      ...(bundle === undefined ? { command: words } : { bundle }),
      ...(cwd !== undefined && { cwd }),
      ...(env !== undefined && { env: [...env] }),
      ...why(flags),
    };
    if (flags.dryRun) return printRequest(session, 'requestStart', { body });
    const asked = await session.client.requestStart({ body });
    const view = await settled(session, asked, flags.timeout);
    session.printer.one(view, () => `${view.id}\n`);
  });
  return examples(
    command,
    'stasis run --name web-1 -- /usr/bin/python3 -m http.server',
    'stasis run --name db-1 --node node-a --bundle /srv/bundles/db',
  );
};
