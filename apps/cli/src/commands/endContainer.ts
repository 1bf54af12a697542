import { Command } from 'commander';
import { settled } from '../containerRequest.ts';
import { findContainer } from '../findContainer.ts';
import { examples, type WorkFlags, workFlags } from '../flags.ts';
import { printRequest, why } from '../request.ts';
import { openSession, type Shell } from '../session.ts';

interface Flags extends WorkFlags {
  readonly node?: string;
}

/** `stasis stop NAME`. */
export const stopCommand = (shell: Shell): Command =>
  endCommand(shell, 'stop', 'stop a container; returns once it has stopped', 'requestStop');

/** `stasis rm NAME`. */
export const rmCommand = (shell: Shell): Command =>
  endCommand(shell, 'rm', 'remove a container, stopping it where needed', 'requestRemove');

function endCommand(
  shell: Shell,
  verb: string,
  description: string,
  operation: 'requestStop' | 'requestRemove',
): Command {
  const command = new Command(verb)
    .description(description)
    .argument('<name>', '<node>/<name>, or <name> where it is unique')
    .option('--node <node>', 'the node of a bare name');
  workFlags(command).action(async (name: string, flags: Flags) => {
    const session = openSession(shell, flags);
    const params = await findContainer(session.client, name, flags.node);
    const call = { params, body: why(flags) };
    if (flags.dryRun) return printRequest(session, operation, call);
    const asked = await session.client[operation](call);
    const view = await settled(session, asked, flags.timeout);
    session.printer.one(view, () => `${view.id}\n`);
  });
  return examples(command, `stasis ${verb} web-1`, `stasis ${verb} node-a/web-1 --reason "no longer needed"`);
}
