import { allows } from '@stasis/container';
import { Command } from 'commander';
import { settled } from '../containerRequest.ts';
import { commonFlags, type CommonFlags, examples } from '../flags.ts';
import { openSession, type Session, type Shell } from '../session.ts';
import { homeOf } from '../settings.ts';
import { down } from '../up/index.ts';
import { unmountLeft } from '../up/leftMounts.ts';

interface Flags extends CommonFlags {
  readonly containers?: true;
}

/** `stasis down`: ends the Stasis that `stasis up` runs in this home. */
export const downCommand = (shell: Shell): Command => {
  const command = new Command('down')
    .description('end the Stasis of this home; containers go on unless --containers')
    .option('--containers', 'stop the containers that Stasis started or restored here first');
  commonFlags(command).action(async (flags: Flags) => {
    const session = openSession(shell, flags);
    const home = homeOf(shell.io.env);
    const stopped = flags.containers ? await stopContainers(session, home) : [];
    const ran = await down(home);
    await unmountLeft(home);
    session.printer.one({ ran, stopped }, () => (ran ? `stopped the Stasis of ${home}\n` : `nothing ran in ${home}\n`));
  });
  return examples(command, 'stasis down', 'stasis down --containers');
};

const stopContainers = async (session: Session, home: string): Promise<string[]> => {
  const { items } = await session.client.listContainers({ query: { limit: 1000 } });
  const ours = items.filter(
    ({ root, status, origin }) => root?.startsWith(`${home}/`) && allows(status, 'stop') && origin !== undefined,
  );
  for (const { node, name: id } of ours) {
    const asked = await session.client.requestStop({
      params: { node, id },
      body: { reason: 'stasis down --containers' },
    });
    await settled(session, asked, 60_000);
  }
  return ours.map(({ id }) => id);
};
