import { StasisError } from '@stasis/errors';
import { Command } from 'commander';
import { examples, type WorkFlags, workFlags } from '../flags.ts';
import { printRequest, why } from '../request.ts';
import { openSession, type Shell } from '../session.ts';

/** `stasis cancel ID`: takes back a checkpoint whose capture, or a restore whose work, has not begun. */
export const cancelCommand = (shell: Shell): Command => {
  const command = new Command('cancel')
    .description('cancel a checkpoint or a restore that has not begun')
    .argument('<id>', 'ckp_… or rst_…');
  workFlags(command).action(async (id: string, flags: WorkFlags) => {
    const session = openSession(shell, flags);
    const { client, printer } = session;
    const call = { params: { id }, body: why(flags) };
    const route = id.startsWith('ckp_') ? 'cancelCheckpoint' : id.startsWith('rst_') ? 'cancelRestore' : undefined;
    if (route === undefined)
      throw new StasisError('Usage', `"${id}" is not the id of a checkpoint or a restore`, {
        next: '`stasis checkpoints` lists them.',
      });
    if (flags.dryRun) return printRequest(session, route, call);
    const view = await client[route](call);
    printer.one(view, () => `${view.id}  ${view.phase}\n`);
  });
  return examples(command, 'stasis cancel ckp_01kayz… --reason "wrong container"');
};
