import { Command } from 'commander';
import { settled } from '../containerRequest.ts';
import { findContainer } from '../findContainer.ts';
import { examples, type WorkFlags, workFlags } from '../flags.ts';
import { printRequest, why } from '../request.ts';
import { openSession, type Shell } from '../session.ts';

interface Flags extends WorkFlags {
  readonly node?: string;
}

/** `stasis rm NAME`: remove a container, stopping it where needed. */
export const rmCommand = (shell: Shell): Command => {
  const command = new Command('rm')
    .description('remove a container, stopping it where needed')
    .argument('<name>', '<node>/<name>, or <name> where it is unique')
    .option('--node <node>', 'the node of a bare name');
  workFlags(command).action(async (name: string, flags: Flags) => {
    const session = openSession(shell, flags);
    const params = await findContainer(session.client, name, flags.node);
    const call = { params, body: why(flags) };
    if (flags.dryRun) return printRequest(session, 'requestRemove', call);
    const asked = await session.client.requestRemove(call);
    const view = await settled(session, asked, flags.timeout);
    session.printer.one(view, () => `${view.id}\n`);
  });
  return examples(command, 'stasis rm web-1', 'stasis rm node-a/web-1 --reason "no longer needed"');
};
