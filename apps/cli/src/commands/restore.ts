import type { RestoreDetail } from '@stasis/api-contract';
import { Command } from 'commander';
import { failureOf } from '../failure.ts';
import { examples, type WorkFlags, workFlags } from '../flags.ts';
import { printRequest, why } from '../request.ts';
import { openSession, type Shell } from '../session.ts';
import { restoreText } from '../views.ts';
import { waitUntil } from '../wait.ts';

interface Flags extends WorkFlags {
  readonly node?: string;
  readonly name?: string;
}

/** `stasis restore CHECKPOINT`: makes a container from a checkpoint. */
export const restoreCommand = (shell: Shell): Command => {
  const command = new Command('restore')
    .description('make a running container from a checkpoint')
    .argument('<checkpoint>', 'id of the checkpoint')
    .option('--node <node>', 'where; default: where it was taken')
    .option('--name <name>', 'under which name; default: the name it had');
  workFlags(command).action(async (checkpoint: string, flags: Flags) => {
    const session = openSession(shell, flags);
    const body = {
      checkpoint,
      ...(flags.node !== undefined && { node: flags.node }),
      ...(flags.name !== undefined && { name: flags.name }),
      ...why(flags),
    };
    if (flags.dryRun) return printRequest(session, 'requestRestore', { body });
    const asked = await session.client.requestRestore({ body });
    if (!flags.wait) return session.printer.one(asked, () => `${asked.id}\n`);
    const ended = await waitUntil<RestoreDetail>(session, {
      subject: asked.id,
      read: (signal) => session.client.getRestore({ params: { id: asked.id }, signal }),
      ended: ({ endedAt }) => endedAt !== undefined,
      timeoutMs: flags.timeout,
    });
    session.printer.one(ended, () => restoreText(ended));
    if (ended.phase !== 'Running') throw failureOf('restore', ended);
  });
  return examples(
    command,
    'stasis restore ckp_01kayz… --wait',
    'stasis restore ckp_01kayz… --node node-b --name web-2 --reason "lost"',
  );
};
