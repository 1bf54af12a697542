import { Command, Option } from 'commander';
import { parseDuration } from '../../duration.ts';
import { commonFlags, type CommonFlags, examples } from '../../flags.ts';
import { openSession, type Shell } from '../../session.ts';
import { facts } from '../../table.ts';

interface Flags extends CommonFlags {
  readonly expires: number;
}

/** `stasis node enrol NODE`: prints the one-time token that the node's agents take as STASIS_ENROL_TOKEN. */
export const enrolCommand = (shell: Shell): Command => {
  const command = new Command('enrol')
    .description('make a one-time token by which a node enrols')
    .argument('<node>')
    .addOption(
      new Option('--expires <duration>', 'when the token ends, for example 30m or 1d')
        .argParser(parseDuration)
        .default(3_600_000, '1h'),
    );
  commonFlags(command).action(async (node: string, { expires, ...flags }: Flags) => {
    const { client, connection, printer } = openSession(shell, flags);
    const made = await client.inviteNode({ body: { node, expiresIn: Math.round(expires / 1000) } });
    printer.one(made, () =>
      facts([
        ['token', made.token],
        ['node', made.node],
        ['expires', made.expires],
      ]),
    );
    printer.progress(
      `start the node's agents with STASIS_ENROL_TOKEN set to it and STASIS_SERVER=${connection.server}`,
    );
  });
  return examples(command, 'stasis node enrol node-b', 'stasis node enrol node-b --expires 30m -o json');
};
