import { Command } from 'commander';
import type { Shell } from '../../session.ts';
import { logCommand } from './log.ts';
import { proveCommand } from './prove.ts';
import { verifyCommand } from './verify.ts';
import { witnessCommand } from './witness.ts';

/** `stasis audit …`: one file a verb. */
export const auditCommand = (shell: Shell): Command =>
  new Command('audit')
    .description('what was recorded, and the proof that it was')
    .addCommand(logCommand(shell))
    .addCommand(proveCommand(shell))
    .addCommand(verifyCommand(shell))
    .addCommand(witnessCommand(shell));
