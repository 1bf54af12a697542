import type { CheckpointDetail } from '@stasis/api-contract';
import { Command } from 'commander';
import { failureOf } from '../failure.ts';
import { examples, type WorkFlags, workFlags } from '../flags.ts';
import { printRequest, why } from '../request.ts';
import { openSession, type Shell } from '../session.ts';
import { checkpointText } from '../views.ts';
import { waitUntil } from '../wait.ts';
import { refOf } from '../findContainer.ts';

interface Flags extends WorkFlags {
  readonly leaveRunning?: true;
  readonly node?: string;
}

/** `stasis checkpoint CONTAINER`: saves the state of a container, which stops unless it is left running. */
export const checkpointCommand = (shell: Shell): Command => {
  const command = new Command('checkpoint')
    .description('save the state of a container; it stops unless --leave-running')
    .argument('<container>', '<node>/<name>, or <name> where it is unique')
    .option('--leave-running', 'the container goes on')
    .option('--node <node>', 'the node of a bare name');
  workFlags(command).action(async (name: string, flags: Flags) => {
    const session = openSession(shell, flags);
    const body = { container: refOf(name, flags.node), leaveRunning: flags.leaveRunning === true, ...why(flags) };
    if (flags.dryRun) return printRequest(session, 'requestCheckpoint', { body });
    const asked = await session.client.requestCheckpoint({ body });
    if (!flags.wait) return session.printer.one(asked, () => `${asked.id}\n`);
    const ended = await waitUntil<CheckpointDetail>(session, {
      subject: asked.id,
      read: (signal) => session.client.getCheckpoint({ params: { id: asked.id }, signal }),
      ended: ({ endedAt }) => endedAt !== undefined,
      timeoutMs: flags.timeout,
    });
    session.printer.one(ended, () => checkpointText(ended));
    if (ended.phase !== 'Ready') throw failureOf('checkpoint', ended);
  });
  return examples(
    command,
    'stasis checkpoint web-1 --reason "kernel upgrade" --wait',
    'stasis checkpoint node-a/web-1 --leave-running -o json --wait',
  );
};
